"""An event belongs to the trace that its caller chooses, else to its attempt's or its task's span."""

import pytest

from tasker_producer.record.arguments import Options
from tasker_producer.record.building.event_trace import event_trace
from tasker_producer.record.building.occurrence import Subject
from tasker_producer.record.misuse import Misuse
from tasker_producer.trace.context import step_trace, task_trace
from tasker_producer.trace.current import CurrentBlock
from tasker_schemas.errors import UsageError
from tasker_schemas.headers import TraceHeaders
from tasker_schemas.names import Family

CHOSEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
STEP = Subject("1", "pay", 2)


def trace_of_event(
    family: Family, subject: Subject, block: CurrentBlock | None = None, trace: str = ""
) -> TraceHeaders:
    options = Options(trace=trace or None)
    return event_trace(f"{family}.completed", family, subject, block, options, Misuse(strict=True))


def test_the_callers_trace_holds_before_the_block_around_it() -> None:
    block = CurrentBlock("1", "order", None, task_trace("1"))
    span = trace_of_event(Family.STEP, STEP, block, CHOSEN).span
    assert span is not None
    assert span.span_id == "b7ad6b7169203331"


@pytest.mark.parametrize("block", [None, CurrentBlock("2", "another order", None, task_trace("2"))])
def test_outside_of_its_tasks_block_an_event_has_the_span_of_its_attempt_or_task(block: CurrentBlock | None) -> None:
    assert trace_of_event(Family.STEP, STEP, block) == step_trace(task_trace("1"), "1", "pay", 2)
    assert trace_of_event(Family.TASK, Subject("1", None, None), block) == task_trace("1")
    assert trace_of_event(Family.WORKFLOW, STEP, block) == task_trace("1")


def test_a_custom_event_inside_a_step_belongs_to_the_steps_span() -> None:
    block = CurrentBlock("1", "order", None, task_trace("1"), "pay", "charge", 2)
    trace = trace_of_event(Family.CUSTOM, Subject("1", None, None), block)
    assert trace == step_trace(task_trace("1"), "1", "pay", 2)


def test_an_event_of_the_step_around_it_has_the_blocks_place_and_another_steps_event_its_own() -> None:
    place = step_trace(TraceHeaders(tracestate="a=1"), "1", "pay", 2)
    block = CurrentBlock("1", "order", None, task_trace("1"), "pay", "charge", 2, place)
    assert trace_of_event(Family.STEP, STEP, block) is place
    assert trace_of_event(Family.CUSTOM, Subject("1", None, None), block) is place
    assert trace_of_event(Family.STEP, Subject("1", "pay", 3), block) == step_trace(task_trace("1"), "1", "pay", 3)
    assert trace_of_event(Family.STEP, Subject("1", "ship", 2), block) == step_trace(task_trace("1"), "1", "ship", 2)


def test_an_unreadable_trace_is_a_callers_mistake() -> None:
    with pytest.raises(UsageError, match="trace is a SpanContext"):
        trace_of_event(Family.STEP, STEP, trace="no trace")
