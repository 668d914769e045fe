"""The statistics on a real Kafka: events in, one record for each task out, poison put aside."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from confluent_kafka import Message

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.engine.preflight import changelog_topic
from tasker_consumers.stats.core.fold import recompute
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.errors import PoisonReason
from tasker_schemas.identity import trace_id_of
from tasker_schemas.names import State
from tasker_schemas.topics import stats_topic
from tests.support.processes import eventually
from tests.support.stats.arena import StatsArena
from tests.support.stats.histories import event, headers_of, large_task, order_processing


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> StatsArena:
    return StatsArena(kafka.bootstrap_servers, topic_prefix, tmp_path)


def test_shuffled_and_repeated_events_of_many_tasks_become_their_exact_statistics(arena: StatsArena) -> None:
    told = [{**one, "task_id": f"task-{n}"} for n in range(50) for one in order_processing()]
    told += large_task(300)
    Random(5).shuffle(told)
    headers = [headers_of(trace_id_of(f"trace of {one['task_id']}")) for one in told]
    arena.produce(told[:400], headers[:400])
    with arena.worker() as worker:
        arena.wait_for(recompute(told[:400], headers[:400]))
        arena.produce(told[300:], headers[300:])
        arena.wait_for(recompute(told, headers))
        assert worker.terminate() == 0


def poison(prefix: str) -> Iterator[tuple[PoisonReason, str, bytes | None, bytes | None]]:
    """Yield a record of each kind that cannot be read: reason, topic, key, value."""
    step, good = f"{prefix}.events.step", encode("StepEvent", event("step.handle", 0, step_id="s"))
    yield PoisonReason.NULL_KEY, step, None, good
    yield PoisonReason.NULL_VALUE, step, b"42", None
    yield PoisonReason.BAD_MAGIC, step, b"42", b'{"step_id": 1}'
    yield PoisonReason.UNKNOWN_SCHEMA, step, b"42", b"\xc3\x01" + b"\x07" * 8 + good[10:]
    yield PoisonReason.FOREIGN_SCHEMA, step, b"42", encode("TaskEvent", event("task.completed", 0))
    yield PoisonReason.TRUNCATED, step, b"42", good[:-3]
    yield PoisonReason.TRAILING_BYTES, step, b"42", good + b"!"
    yield PoisonReason.MALFORMED, step, b"42", good.replace(b"step.handle", b"step.\xff\xff\xff\xff\xff\xff")
    yield PoisonReason.INVALID_EVENT, step, b"43", good


def test_unreadable_records_are_put_aside_with_their_reason_and_the_rest_goes_on(arena: StatsArena) -> None:
    kinds = list(poison(arena.prefix))
    with arena.sender() as sender:
        for _, topic, key, value in kinds:
            sender.send(topic, key, value)
    arena.produce(order_processing())
    with arena.worker():
        arena.wait_for(recompute(order_processing()))
        letters = f"{arena.prefix}.dlq.stats"
        assert eventually(lambda: len(arena.read(letters)) >= len(kinds))
    reasons = sorted(
        dict(letter.headers() or [])["__streams.errors.message"].decode().partition(":")[0]
        for letter in arena.read(letters)
    )
    assert reasons == sorted(reason for reason, *_ in kinds)


def test_a_silent_task_is_reported_as_abandoned_by_the_sweep(arena: StatsArena) -> None:
    start, *_, end = order_processing()
    arena.produce([start])
    with arena.worker(lifetime={"abandoned_after_s": 1.0}, sweep_interval=0.5):
        assert eventually(lambda: arena.stats().get("42", {}).get("status") == "abandoned")
        arena.produce([end])
        arena.wait_for(recompute([start, end]))


def test_a_task_that_waits_is_told_so_until_it_goes_on(arena: StatsArena) -> None:
    def told() -> tuple[Any, ...]:
        stats = arena.stats().get("42", {})
        return tuple(stats.get(name) for name in ("status", "waiting_for", "waiting_step"))

    publisher = EventPublisher(ProducerSettings(kafka=arena.kafka, topic_prefix=arena.prefix))
    with arena.worker(lifetime={"abandoned_after_s": 1.0}, sweep_interval=0.5):
        with publisher.task("order", task_id="42", final=False) as task:
            task.wait_for("approval", silence_limit=timedelta(days=7))
        publisher.flush(30)
        assert eventually(lambda: told() == ("in_progress", "approval", None))
        with publisher.resume_task(task.carrier(), final=True) as resumed, resumed.step("ship") as step:
            step.wait_for("timer", until=datetime.now(UTC) + timedelta(days=3))
            publisher.flush(30)
            assert eventually(lambda: told() == ("in_progress", "timer", "ship"))
        publisher.close(30)
        assert eventually(lambda: told() == ("complete", None, None))
    assert State.ABANDONED not in {
        Decoder().decode("TaskStats", record.value())["status"] for record in arena.read(stats_topic(arena.prefix))
    }


def changelog(arena: StatsArena) -> list[Message]:
    return arena.read(changelog_topic(f"{arena.prefix}-stats"))
