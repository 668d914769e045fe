"""The places of tasks and steps in traces, and OpenTelemetry's active span around them.

Needs OpenTelemetry's API only: without an SDK in the service there is no active span.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from opentelemetry import baggage, trace
from opentelemetry.trace import SpanContext

from tasker_producer.trace.block_span import BAGGAGE_FORMAT
from tasker_schemas.errors import UsageError
from tasker_schemas.headers import (
    DERIVED_FLAGS,
    NO_TRACE,
    Header,
    SpanRef,
    TraceHeaders,
    first_baggage,
    read_trace_headers,
    trace_headers,
)
from tasker_schemas.identity import step_span_id, task_span_id, trace_id_of


@lru_cache(maxsize=512)
def task_trace(task_id: str) -> TraceHeaders:
    """Return the place of a task that was created outside any trace."""
    return TraceHeaders(SpanRef(trace_id_of(task_id), task_span_id(task_id), DERIVED_FLAGS))


def step_trace(task: TraceHeaders, task_id: str, step_id: str, attempt: int) -> TraceHeaders:
    """Return the place of an attempt of a step below its task's place."""
    parent = task.span
    if parent is None:
        parent = SpanRef(trace_id_of(task_id), task_span_id(task_id), DERIVED_FLAGS)
    span = SpanRef(parent.trace_id, step_span_id(task_id, step_id, attempt), parent.flags)
    return TraceHeaders(span, parent, task.tracestate, task.baggage)


#: Does as `step_trace`: the events of an attempt share its place, outside of its block too.
known_step_trace = lru_cache(maxsize=512)(step_trace)


@lru_cache(maxsize=512)
def wire_trace(trace: TraceHeaders) -> tuple[Header, ...]:
    """Return the headers that carry a place in a trace; the events of an attempt share them."""
    return tuple(trace_headers(trace))


def new_task_trace(task_id: str) -> TraceHeaders:
    """Return the place of a task that is created here: below the active span, else the root of its own trace."""
    active = trace.get_current_span().get_span_context()
    carried = _active_baggage()
    if not active.is_valid:
        derived = task_trace(task_id)
        return derived._replace(baggage=carried) if carried else derived
    parent = _span_ref(active)
    span = SpanRef(parent.trace_id, task_span_id(task_id), parent.flags)
    return TraceHeaders(span, parent, active.trace_state.to_header(), carried)


def active_trace() -> TraceHeaders:
    """Return the place of an event without a task: in the active span, if any."""
    active = trace.get_current_span().get_span_context()
    if not active.is_valid:
        return NO_TRACE
    return TraceHeaders(_span_ref(active), None, active.trace_state.to_header(), _active_baggage())


def trace_of(value: Any) -> TraceHeaders | None:
    """Return a place in a trace from TraceHeaders, a SpanContext, a traceparent or a carrier's headers; None for None.

    >>> trace_of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").span.span_id
    'b7ad6b7169203331'

    Raises UsageError for any other value, and for a text or mapping without a readable traceparent.
    """
    if value is None or isinstance(value, TraceHeaders):
        return value
    if isinstance(value, SpanContext):
        return TraceHeaders(_span_ref(value), None, value.trace_state.to_header()) if value.is_valid else None
    headers: Mapping[Any, Any] = {}
    if isinstance(value, str):
        headers = {"traceparent": value}
    elif isinstance(value, Mapping):
        headers = value
    pairs = [(name, text.encode("utf-8", "replace")) for name, text in headers.items() if isinstance(text, str)]
    headers_read = read_trace_headers([(name, text) for name, text in pairs if isinstance(name, str)])
    if headers_read.span is None:
        raise UsageError(f"trace is a SpanContext, a traceparent or a carrier, not this {type(value).__name__}")
    return headers_read


def _span_ref(span: SpanContext) -> SpanRef:
    return SpanRef(f"{span.trace_id:032x}", f"{span.span_id:016x}", int(span.trace_flags) & 0xFF)


def _active_baggage() -> str:
    if not baggage.get_all():
        return ""
    carrier: dict[str, str] = {}
    BAGGAGE_FORMAT.inject(carrier)
    return first_baggage(carrier.get("baggage", "").encode()).decode()
