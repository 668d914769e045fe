"""Links of an attempt: to the attempt before, and to the steps it depends on."""

from tasker_consumers.telemetry.core.event import read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_consumers.telemetry.spans.links import MAX_LINKS
from tasker_schemas.headers import SpanRef, TraceHeaders
from tasker_schemas.identity import step_span_id, task_span_id, trace_id_of
from tasker_schemas.names import StepEvents
from tests.support.telemetry.histories import (
    TASK,
    attempt,
    folded,
    order,
    told,
)
from tests.support.telemetry.one_span import step_of


def test_attempts_link_to_the_one_before_and_to_the_steps_they_depend_on() -> None:
    retried, shipped = step_of(order(), step_id="charge", attempt_number=2), step_of(order(), step_id="ship")
    first, second = step_span_id(TASK, "charge", 1), step_span_id(TASK, "charge", 2)
    fetch = step_span_id(TASK, "fetch", 1)
    assert [(link.span_id, link.attributes["tasker.link"]) for link in retried.links] == [
        (first, "previous_attempt"),
        (fetch, "depends_on"),
    ]
    assert [link.span_id for link in shipped.links] == [fetch, second]


def test_an_attempt_without_a_span_is_not_linked_to() -> None:
    asked = told(StepEvents.EXECUTION_REQUESTED, 1, step_id="a", attempt_number=1)
    assert step_of([asked, *attempt("a", 4, 5, number=5)], attempt_number=5).links == []
    (link,) = step_of(
        [asked, *attempt("a", 2, 3, "failed", number=4), *attempt("a", 4, 5, number=5)], attempt_number=5
    ).links
    assert link.span_id == step_span_id(TASK, "a", 4)


def test_an_attempt_links_to_the_one_before_also_when_that_was_exported_already() -> None:
    state = folded(attempt("a", 1, 2, number=1))
    ready_spans(state)
    for record in attempt("a", 2, 3, number=2):
        fold(state, read_event(record))
    assert [link.span_id for link in ready_spans(state)[0].links] == [step_span_id(TASK, "a", 1)]


def test_links_beyond_the_limit_are_counted_as_dropped() -> None:
    parents = [f"p{n}" for n in range(MAX_LINKS + 5)]
    records = [record for name in parents for record in attempt(name, 0, 1)]
    span = step_of([*records, *attempt("join", 1, 2, depends_on=parents)], step_id="join")
    assert (len(span.links), span.dropped_links) == (MAX_LINKS, 5)


def test_a_step_that_carries_another_trace_stays_in_its_tasks_and_links_to_it() -> None:
    foreign = TraceHeaders(SpanRef("f" * 32, "9" * 16))
    span = step_of([*order()[:2], *attempt("a", 1, 2, trace=foreign)])
    assert (span.trace_id, span.parent_span_id) == (trace_id_of(TASK), task_span_id(TASK))
    assert [(link.trace_id, link.span_id) for link in span.links] == [("f" * 32, "9" * 16)]
