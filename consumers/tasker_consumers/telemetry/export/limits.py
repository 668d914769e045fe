"""OpenTelemetry's limits for spans and log records, and its rule that dropped parts are counted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self, TypeVar

from tasker_consumers.telemetry.logs.record import LogRecord
from tasker_consumers.telemetry.spans.span import Attributes, AttributeValue, Link, Span, SpanEvent
from tasker_schemas import environment
from tasker_schemas.errors import ConfigurationError

Part = TypeVar("Part", SpanEvent, Link, LogRecord)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that a span or a log record may carry.

    `value_length` counts characters, None leaves values as they are; a log record has a limit of its own.
    """

    attributes: int = 128
    events: int = 128
    links: int = 128
    event_attributes: int = 128
    link_attributes: int = 128
    value_length: int | None = None
    record_attributes: int = 128
    record_value_length: int | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read `OTEL_SPAN_*_LIMIT`, `OTEL_LOGRECORD_*_LIMIT` and their kin.

        Raises ConfigurationError for a value that is no whole number.

        >>> Limits.from_env({"OTEL_SPAN_EVENT_COUNT_LIMIT": "10"}).events
        10
        """
        numbers = {name: _number(environ, *variables) for name, variables in _VARIABLES.items()}
        return cls(**{name: number for name, number in numbers.items() if number is not None})

    def applied(self, span: Span) -> Span:
        """Return the span within the limits; its own attributes stay before the caller's, first and last events."""
        if self._fits(span):
            return span
        attributes = _within(span.attributes, self.attributes, self.value_length)
        early = self.events // 2
        late = len(span.events) - (self.events - early)
        events = span.events if len(span.events) <= self.events else [*span.events[:early], *span.events[late:]]
        links = span.links[: self.links]
        return replace(
            span,
            attributes=attributes,
            events=[self._limited(event, self.event_attributes, self.value_length) for event in events],
            links=[self._limited(link, self.link_attributes, self.value_length) for link in links],
            dropped_attributes=span.dropped_attributes + len(span.attributes) - len(attributes),
            dropped_events=span.dropped_events + len(span.events) - len(events),
            dropped_links=span.dropped_links + len(span.links) - len(links),
        )

    def applied_to_record(self, record: LogRecord) -> LogRecord:
        """Return the log record within the limits; its own attributes stay before the caller's."""
        if len(record.attributes) <= self.record_attributes and self.record_value_length is None:
            return record
        return self._limited(record, self.record_attributes, self.record_value_length)

    def _fits(self, span: Span) -> bool:
        if self.value_length is not None or len(span.attributes) > self.attributes:
            return False
        if len(span.events) > self.events or len(span.links) > self.links:
            return False
        for event in span.events:
            if len(event.attributes) > self.event_attributes:
                return False
        return not span.links or max(len(link.attributes) for link in span.links) <= self.link_attributes

    @staticmethod
    def _limited(part: Part, limit: int, length: int | None) -> Part:
        """Return a span event, a link or a log record within limits, with the number of attributes dropped."""
        attributes = _within(part.attributes, limit, length)
        dropped = part.dropped_attributes + len(part.attributes) - len(attributes)
        return replace(part, attributes=attributes, dropped_attributes=dropped)


def _within(attributes: Attributes, limit: int, length: int | None) -> Attributes:
    # Ours come last: the caller's attributes must not displace those by which traces are searched.
    remaining = list(attributes.items())[max(0, len(attributes) - limit) :]
    return {name: _shortened(value, length) for name, value in remaining}


def _shortened(value: AttributeValue, length: int | None) -> AttributeValue:
    if isinstance(value, str):
        return value[:length]
    if isinstance(value, list):
        return [item[:length] for item in value]
    return value


_VARIABLES = {
    "attributes": ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"),
    "events": ("OTEL_SPAN_EVENT_COUNT_LIMIT",),
    "links": ("OTEL_SPAN_LINK_COUNT_LIMIT",),
    "event_attributes": ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",),
    "link_attributes": ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",),
    "value_length": ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"),
    "record_attributes": ("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"),
    "record_value_length": ("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"),
}


def _number(environ: Mapping[str, str], *variables: str) -> int | None:
    for variable in variables:
        if text := environment.text(environ, variable):
            if not text.isdecimal():
                raise ConfigurationError(f"{variable} is {text!r}; expected a whole number from 0.")
            return int(text)
    return None
