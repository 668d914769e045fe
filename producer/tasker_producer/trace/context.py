"""The places of tasks and steps in traces, and the ambient OpenTelemetry context around them.

Needs OpenTelemetry's API only: without an SDK in the service there is simply no ambient span.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from opentelemetry import baggage, context, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState

from tasker_schemas.headers import MAX_HEADER_BYTES, Header, SpanRef, TraceHeaders, trace_headers
from tasker_schemas.identity import step_span_id, task_span_id, trace_id_of

_BAGGAGE = W3CBaggagePropagator()


@lru_cache(maxsize=4096)
def task_trace(task_id: str) -> TraceHeaders:
    """Return the place of a task that was created outside any trace."""
    return TraceHeaders(SpanRef(trace_id_of(task_id), task_span_id(task_id)))


def step_trace(task: TraceHeaders, task_id: str, step_id: str, attempt: int) -> TraceHeaders:
    """Return the place of one attempt of a step below its task's place."""
    above = task.span
    if above is None:
        above = SpanRef(trace_id_of(task_id), task_span_id(task_id))
    span = SpanRef(above.trace_id, step_span_id(task_id, step_id, attempt), above.flags)
    return TraceHeaders(span, above, task.tracestate, task.baggage)


@lru_cache(maxsize=4096)
def derived_step_trace(task_id: str, step_id: str, attempt: int) -> TraceHeaders:
    """Return the place of one attempt of a step whose task was created outside any trace."""
    return step_trace(task_trace(task_id), task_id, step_id, attempt)


@lru_cache(maxsize=4096)
def wire_trace(place: TraceHeaders) -> tuple[Header, ...]:
    """Return the headers that carry a place; the events of one attempt share them."""
    return tuple(trace_headers(place))


def new_task_trace(task_id: str) -> TraceHeaders:
    """Return the place of a task that is created here: below the ambient span, else the root of its own trace."""
    ambient = trace.get_current_span().get_span_context()
    carried = _ambient_baggage()
    if not ambient.is_valid:
        return task_trace(task_id)._replace(baggage=carried)
    parent = SpanRef(f"{ambient.trace_id:032x}", f"{ambient.span_id:016x}", int(ambient.trace_flags) & 0xFF)
    span = SpanRef(parent.trace_id, task_span_id(task_id), parent.flags)
    return TraceHeaders(span, parent, ambient.trace_state.to_header(), carried)


def _ambient_baggage() -> str:
    if not baggage.get_all():
        return ""
    carrier: dict[str, str] = {}
    _BAGGAGE.inject(carrier)
    text = carrier.get("baggage", "")
    return text if len(text) <= MAX_HEADER_BYTES else ""


@contextmanager
def current(place: TraceHeaders) -> Iterator[None]:
    """Make a place the current OpenTelemetry context: spans that the service records inside become its children."""
    if place.span is None:
        yield
        return
    span_context = SpanContext(
        trace_id=int(place.span.trace_id, 16),
        span_id=int(place.span.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(place.span.flags),
        trace_state=TraceState.from_header([place.tracestate]) if place.tracestate else None,
    )
    inside = trace.set_span_in_context(NonRecordingSpan(span_context))
    if place.baggage and not baggage.get_all():
        inside = _BAGGAGE.extract({"baggage": place.baggage}, context=inside)
    token = context.attach(inside)
    try:
        yield
    finally:
        context.detach(token)


def ambient_trace() -> TraceHeaders:
    """Return the place of an event without a task: in the ambient span, if there is one."""
    ambient = trace.get_current_span().get_span_context()
    if not ambient.is_valid:
        return TraceHeaders()
    span = SpanRef(f"{ambient.trace_id:032x}", f"{ambient.span_id:016x}", int(ambient.trace_flags) & 0xFF)
    return TraceHeaders(span, None, ambient.trace_state.to_header(), _ambient_baggage())
