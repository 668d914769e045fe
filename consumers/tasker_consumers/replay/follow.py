"""Follows the event topics from their ends on; a reader that is slower than the events is told how many it missed."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from tasker_consumers.kafka.standalone import poll_batch
from tasker_consumers.replay.reading.plan import Plan
from tasker_consumers.replay.reading.read import open_source, stored_record
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.selection import Matcher, Selection

_WAIT_S = 0.25


class RateLimit:
    """Lets at most so many through in each second; counts the others."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._second = float("-inf")
        self._count = 0
        self._skipped = 0

    def allows(self) -> bool:
        """Return whether the next record may go through."""
        second = self._clock()
        if second - self._second >= 1.0:
            self._second, self._count = second, 0
        self._count += 1
        if self._count <= self._rate:
            return True
        self._skipped += 1
        return False

    def take_skipped(self) -> int:
        """Return how many were stopped since the last call, once the second in which they came is over."""
        if not self._skipped or self._clock() - self._second < 1.0:
            return 0
        skipped, self._skipped = self._skipped, 0
        return skipped


def follow(
    kafka: Mapping[str, str], selection: Selection, prefix: str, matcher: Matcher, limit: RateLimit
) -> Iterator[StoredRecord | int]:
    """Yield selected records as they arrive, and a number where records were left out; ends never by itself.

    With `since` or `starts` in the selection it begins there, else at the ends of the topics. Raises UsageError when no
    topic is there, and BackendUnavailable when Kafka turns the consumer away.
    """
    with open_source(kafka) as planner:
        plan = Plan(planner, kafka, selection, prefix)
        begin = selection.since is not None or bool(selection.starts)
        assignment = [TopicPartition(s.topic, s.partition, s.start if begin else s.end) for s in plan.partitions()]
    with open_source(kafka) as consumer:
        consumer.assign(assignment)
        while True:
            for message in poll_batch(consumer, _WAIT_S):
                record = _selected(message, matcher)
                if record is not None and limit.allows():
                    yield record
            if skipped := limit.take_skipped():
                yield skipped


def _selected(message: Any, matcher: Matcher) -> StoredRecord | None:
    error = message.error()
    if error is not None:
        if error.code() == KafkaError._PARTITION_EOF or error.retriable():  # noqa: SLF001  its public name
            return None
        raise KafkaException(error)
    record = stored_record(message)
    return record if matcher.matches(record) else None
