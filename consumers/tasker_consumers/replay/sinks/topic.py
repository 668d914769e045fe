"""Publish records again: byte for byte, at their own times, marked as replayed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from confluent_kafka import KafkaException, Producer

from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.selection import Selection
from tasker_schemas.errors import BackendUnavailable, UsageError
from tasker_schemas.headers import ORIGIN, REPLAY
from tasker_schemas.topics import all_topics

DELIVERY_LIMIT_S = 60.0


def new_replay_id() -> str:
    """Return a fresh id for one run of a replay."""
    return f"replay-{uuid4().hex[:12]}"


def check_target(target: str, selection: Selection, prefix: str, *, allow_live: bool) -> None:
    """Refuse a target that live consumers read, unless that is wanted, and one that its records would not fit.

    Raises UsageError.
    """
    if target not in {topic.name for topic in all_topics(prefix)}:
        return
    if not allow_live:
        raise UsageError(f"{target} is read by live consumers; add --allow-live if that is what you want")
    if selection.topics(prefix) != (target,):
        raise UsageError(f"{target} takes only its own records; narrow the selection with --family")


def stamped(record: StoredRecord, replay_id: str) -> list[tuple[str, bytes | None]]:
    """Return a record's headers with the marks of a replay; where it first came from is kept on a second replay."""
    kept = [(name, value) for name, value in record.headers if name != REPLAY]
    if all(name != ORIGIN for name, _ in kept):
        kept.append((ORIGIN, record.origin.encode()))
    return [*kept, (REPLAY, replay_id.encode())]


def republish(kafka: Mapping[str, str], records: Iterable[StoredRecord], target: str, replay_id: str) -> Counter[str]:
    """Publish the records to `target`, and return their number by the topic they came from.

    Raises BackendUnavailable unless every one of them was acknowledged.
    """
    failed: list[str] = []
    producer = Producer({"log_level": 0, **kafka, **_EXACT})
    counts: Counter[str] = Counter()
    try:
        for record in records:
            _produce(producer, record, target, stamped(record, replay_id), failed)
            counts[record.topic] += 1
    except KafkaException as error:
        raise BackendUnavailable(f"{target} did not take the records: {error.args[0].str()}") from error
    left = producer.flush(DELIVERY_LIMIT_S)
    if left or failed:
        reason = failed[0] if failed else f"no answer within {DELIVERY_LIMIT_S:.0f} s"
        raise BackendUnavailable(f"{target} did not take {left + len(failed)} of {counts.total()} records: {reason}")
    return counts


_EXACT = {
    "partitioner": "murmur2_random",  # the key's partition, where the folds expect it
    "enable.idempotence": True,  # the order of a partition is kept, also when a batch is sent again
    "compression.type": "lz4",
    "linger.ms": 20,
}


def _produce(producer: Any, record: StoredRecord, target: str, headers: Any, failed: list[str]) -> None:
    def settle(error: Any, _message: Any) -> None:
        if error is not None:
            failed.append(error.str())

    times = {} if record.timestamp is None else {"timestamp": record.timestamp}
    while True:
        try:
            producer.produce(target, record.value, record.key, headers=headers, on_delivery=settle, **times)
        except BufferError:
            producer.poll(0.5)  # the queue is full: let deliveries go out, then try the same record again
        else:
            producer.poll(0)
            return
