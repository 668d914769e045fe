"""Facts of a span with the annotations that carry its span id."""

from tasker_consumers.telemetry.core.context import task_context
from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.spans.views.annotated import annotated_attempt, annotated_task, loose_groups
from tasker_consumers.telemetry.spans.views.timeline import timeline_of
from tasker_schemas.headers import SpanRef, TraceHeaders
from tasker_schemas.identity import step_span_id, trace_id_of
from tests.support.telemetry.histories import TASK, attempt, folded, order, place, told

CHARGE = AttemptKey("charge", 2)
PAID = "shop.payment_taken"


def test_an_annotation_is_shown_by_the_attempt_whose_span_id_it_carries() -> None:
    state = folded(order())
    charge = state.attempt(CHARGE)
    events = annotated_attempt(state, charge, timeline_of(charge.facts), step_span_id(TASK, *CHARGE))
    assert PAID in [fact.name for fact in events.entries]
    _, of_task = annotated_task(state, task_context(state.head))
    assert PAID not in [fact.name for fact in of_task.entries]
    assert events.dropped == of_task.dropped == 0


def test_an_annotation_with_the_id_of_no_attempt_belongs_to_the_task() -> None:
    unknown = TraceHeaders(SpanRef(trace_id_of(TASK), "9" * 16), place(TASK).span)
    state = folded([*order(), told(PAID, 6.5, trace=unknown)])
    context = task_context(state.head)
    assert loose_groups(state, context).keys() == {"9" * 16}
    timeline, events = annotated_task(state, context)
    assert [fact.name for fact in events.entries if fact.name == PAID] == [PAID]
    assert PAID not in [fact.name for fact in timeline.entries]


def test_a_task_without_events_of_its_own_shows_its_annotations() -> None:
    state = folded([*attempt("a", 1, 2), told(PAID, 1, trace=TraceHeaders())])
    timeline, events = annotated_task(state, task_context(state.head))
    assert [fact.name for fact in events.entries] == [fact.name for fact in timeline.entries] == [PAID]
