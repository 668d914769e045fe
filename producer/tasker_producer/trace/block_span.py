"""The span that is OpenTelemetry's current span inside a block, without an SDK and without being exported from here."""

from typing import Any, Protocol

from opentelemetry import baggage, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    NonRecordingSpan,
    Span,
    SpanContext,
    TraceFlags,
    TraceState,
)

from tasker_schemas.headers import TraceHeaders

BAGGAGE_FORMAT = W3CBaggagePropagator()


class Stay(Protocol):
    """The stay of a block in a context."""

    is_open: bool
    outer_context: Context | None


class BlockSpan(NonRecordingSpan):
    """The place of a task or step, as the parent of spans that the service records inside the block.

    The attributes, events and status that existing code gives to "the current span" were meant for the service's own
    span around the block, and go there. After the block was left, the span stands for the one around it, wherever it
    is still current.
    """

    #: Made when somebody asks: most blocks hold no span of the service.
    _context_inside: SpanContext | None = None

    def __init__(self, headers: TraceHeaders, flags: int | None, stay: Stay) -> None:
        super().__init__(INVALID_SPAN_CONTEXT)
        self._headers = headers
        self._flags = flags
        self._stay = stay

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.get_span_context()!r})"

    @property
    def _outer(self) -> Span:
        return trace.get_current_span(self._stay.outer_context)

    def get_span_context(self) -> SpanContext:
        """Return the block's place in the trace, or after its end that of the span around it."""
        if not self._stay.is_open:
            return self._outer.get_span_context()
        if self._context_inside is None:
            self._context_inside = _span_context(self._headers, self._flags)
        return self._context_inside

    def is_recording(self) -> bool:
        """Return whether the service's span around the block records."""
        return self._outer.is_recording()

    def set_attributes(self, attributes: Any) -> None:
        """Give attributes to the service's span around the block."""
        self._outer.set_attributes(attributes)

    def set_attribute(self, key: str, value: Any) -> None:
        """Give an attribute to the service's span around the block."""
        self._outer.set_attribute(key, value)

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        """Add an event to the service's span around the block."""
        self._outer.add_event(name, attributes, timestamp)

    def add_link(self, context: SpanContext, attributes: Any = None) -> None:
        """Add a link to the service's span around the block."""
        self._outer.add_link(context, attributes)

    def set_status(self, status: Any, description: str | None = None) -> None:
        """Set the status of the service's span around the block."""
        self._outer.set_status(status, description)

    def record_exception(self, *args: Any, **kwargs: Any) -> None:
        """Record an exception in the service's span around the block."""
        self._outer.record_exception(*args, **kwargs)


def context_inside(headers: TraceHeaders, stay: Stay, flags: int | None) -> Context:
    """Return the OpenTelemetry context inside a block: its span, and the task's baggage where there is none."""
    inside = trace.set_span_in_context(BlockSpan(headers, flags, stay), stay.outer_context)
    if headers.baggage and not baggage.get_all(stay.outer_context):
        inside = BAGGAGE_FORMAT.extract({"baggage": headers.baggage}, context=inside)
    return inside


def _span_context(headers: TraceHeaders, flags: int | None) -> SpanContext:
    span = headers.span
    if span is None:
        return INVALID_SPAN_CONTEXT
    return SpanContext(
        trace_id=int(span.trace_id, 16),
        span_id=int(span.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(span.flags if flags is None else flags),
        trace_state=TraceState.from_header([headers.tracestate]) if headers.tracestate else None,
    )
