"""Ids of spans: carried, derived, and never of a task's own child."""

from tasker_consumers.telemetry.core.context import attempt_span_id, task_context
from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_schemas.headers import SpanRef, TraceHeaders
from tasker_schemas.identity import step_span_id, task_span_id, trace_id_of
from tasker_schemas.names import TaskEvents
from tests.support.telemetry.histories import TASK, attempt, folded, told


def test_a_task_that_no_event_places_has_derived_ids_with_the_random_flag() -> None:
    context = task_context(folded([told(TaskEvents.START_REQUESTED, 0, trace=TraceHeaders())]).head)
    assert (context.trace_id, context.span_id, context.derived) == (trace_id_of(TASK), task_span_id(TASK), True)
    assert context.flags == 0x03


def test_flags_that_trace_context_does_not_define_go_on_as_zero() -> None:
    trace = TraceHeaders(SpanRef("a" * 32, "b" * 16, 0xFF))
    assert task_context(folded([told(TaskEvents.START_REQUESTED, 0, trace=trace)]).head).flags == 0x03


def test_an_attempt_of_which_nothing_is_known_has_the_id_that_its_events_would_have() -> None:
    state = folded(attempt("a", 0, 1))
    assert attempt_span_id(state, task_context(state.head), AttemptKey("b", 2)) == step_span_id(TASK, "b", 2)
