"""The processor: what it refuses, what it emits, and what time alone does to a task."""

import gc
from dataclasses import dataclass, field
from typing import Any

import pytest

from tasker_consumers.engine.state.index import StoredStates
from tasker_consumers.engine.state.memory_store import MemoryStore
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.processor import StatsProcessor, build_stats_processor
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tasker_schemas.names import Family
from tests.support.stats.histories import T0, event, headers_of, order_processing


@dataclass
class Record:
    """The shape of a record as the engine hands it over."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    timestamp: int = T0 // 1000


@pytest.fixture
def processor() -> StatsProcessor:
    processor = build_stats_processor()
    processor.index.held(StoredStates(0, MemoryStore()))
    return processor


def record(told: dict[str, Any], key: bytes | None = b"42", **more: Any) -> Record:
    family = told["event_name"].partition(".")[0]
    value = encode(RECORD_OF_FAMILY[Family(family)], told)
    return Record(**{"topic": f"tasker.events.{family}", "key": key, "value": value, **more})


def folded(processor: StatsProcessor, *told: dict[str, Any], headers: Any = ()) -> TaskState:
    state: TaskState | None = None
    for one in told:
        state = processor.fold(state, processor.decode(record(one, headers=headers)))
    assert state is not None
    return state


async def emitted(processor: StatsProcessor, state: TaskState) -> dict[str, Any] | None:
    reaction = await processor.effects_of(0, {b"42": state})
    records = reaction.outputs["tasker.stats.task"]
    return Decoder().decode("TaskStats", records[b"42"]) if records else None


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (record(event("task.completed", 0), key=None), PoisonReason.NULL_KEY),
        (record(event("task.completed", 0), key=b"43"), PoisonReason.INVALID_EVENT),
        (record(event("task.completed", 0, "a\0b"), key=b"a\0b"), PoisonReason.INVALID_EVENT),
        (record(event("step.completed", 0, step_id="s", attempt_number=0)), PoisonReason.INVALID_EVENT),
        (Record("tasker.events.task", b"42", None), PoisonReason.NULL_VALUE),
        (Record("tasker.events.task", b"42", b"{}"), PoisonReason.BAD_MAGIC),
        (record(event("task.completed", 0), topic="tasker.events.step"), PoisonReason.FOREIGN_SCHEMA),
        (
            Record("tasker.events.task", b"42", encode("TaskEvent", event("step.completed", 0))),
            PoisonReason.INVALID_EVENT,
        ),
    ],
)
def test_a_record_that_breaks_the_rules_is_poison(
    processor: StatsProcessor, broken: Record, reason: PoisonReason
) -> None:
    with pytest.raises(PoisonRecord) as raised:
        processor.decode(broken)
    assert raised.value.reason is reason


def test_a_job_queue_may_count_its_attempts_from_zero(processor: StatsProcessor) -> None:
    told, *_ = processor.decode(record(event("observability.task.enqueue", 0, attempt_number=0)))
    assert told["attempt_number"] == 0


async def test_the_statistics_are_emitted_with_the_trace_that_the_headers_carry(processor: StatsProcessor) -> None:
    state = folded(processor, *order_processing(), headers=headers_of("a" * 32))
    result = await emitted(processor, state)
    assert result is not None
    assert (result["status"], result["retries"], result["trace_id"]) == ("complete", 1, "a" * 32)


async def test_a_run_leaves_nothing_to_the_garbage_collector(processor: StatsProcessor) -> None:
    def states() -> int:
        return sum(type(found) is TaskState for found in gc.get_objects())

    gc.disable()
    try:
        before = states()
        await emitted(processor, folded(processor, *order_processing()))
        assert states() == before
    finally:
        gc.enable()
