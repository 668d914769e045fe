"""The place of an event in a trace, also outside of blocks."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from tasker_producer import UsageError
from tasker_producer.testing import RecordingPublisher
from tasker_producer.trace.context import new_task_trace, trace_of
from tasker_schemas.headers import SpanRef, TraceHeaders
from tasker_schemas.identity import step_span_id, task_span_id, trace_id_of

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ACTIVE = SpanContext(int(TRACE, 16), int(SPAN, 16), is_remote=True, trace_flags=TraceFlags(1))
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.fixture
def publisher() -> RecordingPublisher:
    return RecordingPublisher()


@pytest.fixture
def active_span() -> Iterator[None]:
    token = context.attach(trace.set_span_in_context(NonRecordingSpan(ACTIVE)))
    yield
    context.detach(token)


@pytest.mark.usefixtures("active_span")
@pytest.mark.parametrize("helper", ["publish_task_started", "publish_task_initialize_requested"])
def test_the_event_that_creates_a_task_joins_the_active_trace(publisher: RecordingPublisher, helper: str) -> None:
    task = f"created by {helper}"
    getattr(publisher, helper)({"id": task})
    place = publisher.events[0].trace
    assert place.span is not None
    assert (place.span.trace_id, place.span.span_id) == (TRACE, task_span_id(task))
    assert place.parent == SpanRef(TRACE, SPAN)


@pytest.mark.usefixtures("active_span")
def test_later_events_of_the_task_are_in_the_same_trace(publisher: RecordingPublisher) -> None:
    publisher.publish_task_started({"id": 77})
    context.attach(context.Context())
    publisher.publish_step_handle({"id": "s", "task": {"id": 77}})
    publisher.publish_event("order.paid", {"task_id": 77})
    publisher.publish_task_completed({"id": 77})
    spans = [event.trace.span for event in publisher.events]
    assert {span.trace_id for span in spans if span} == {TRACE}
    assert spans[1] is not None
    assert spans[1].span_id == step_span_id("77", "s", 1)


@pytest.mark.usefixtures("active_span")
def test_a_task_that_is_created_anew_joins_the_trace_of_then(publisher: RecordingPublisher) -> None:
    publisher.publish_task_initialize_requested({"id": 78})
    context.attach(context.Context())
    publisher.publish_task_started({"id": 78})
    publisher.publish_task_initialize_requested({"id": 78})
    traces = [event.trace.span.trace_id for event in publisher.events if event.trace.span]
    assert traces == [TRACE, TRACE, trace_id_of("78")]


FORMS = [ACTIVE, TRACEPARENT, {"traceparent": TRACEPARENT}, TraceHeaders(SpanRef(TRACE, SPAN))]


@pytest.mark.parametrize("value", FORMS)
def test_a_place_in_a_trace_is_read_in_every_form(publisher: RecordingPublisher, value: Any) -> None:
    publisher.publish_event("order.paid", {}, trace=value)
    assert publisher.events[0].trace.span == SpanRef(TRACE, SPAN)


def test_an_invalid_span_context_counts_as_none_and_others_are_mistakes(publisher: RecordingPublisher) -> None:
    assert trace_of(trace.INVALID_SPAN_CONTEXT) is None
    for value in ("00-…", {"traceparent": "x"}, 5):
        with pytest.raises(UsageError, match="trace is a SpanContext"):
            publisher.publish_event("order.paid", {}, trace=value)


def test_baggage_that_a_service_makes_is_limited_to_64_entries_before_it_is_sent() -> None:
    inside = context.get_current()
    for number in range(100):
        inside = baggage.set_baggage(f"k{number:03}", "v", inside)
    token = context.attach(inside)
    sent = new_task_trace("t").baggage
    context.detach(token)
    assert sent == ",".join(f"k{number:03}=v" for number in range(64))
