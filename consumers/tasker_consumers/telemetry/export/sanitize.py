"""The last steps before a span or a log record leaves: secrets are masked, then OpenTelemetry's limits applied."""

from collections.abc import Mapping
from dataclasses import replace

from tasker_consumers.telemetry.export.limits import Limits
from tasker_consumers.telemetry.logs.record import LogRecord
from tasker_consumers.telemetry.spans.span import Attributes, AttributeValue, Span, SpanEvent
from tasker_producer.masking.masker import Decision, Masker
from tasker_producer.settings import ProducerSettings


class SpanSanitizer:
    """Masks and limits spans and log records; masking comes first, so that no cut hides the name of a secret."""

    def __init__(self, masker: Masker, limits: Limits) -> None:
        self._masker = masker
        self._limits = limits

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "SpanSanitizer":
        """Read `TASKER_FILTER_PARAMETERS`, `TASKER_FILTER_MASK` and OpenTelemetry's limits.

        Raises ConfigurationError for a value that cannot work.
        """
        settings = ProducerSettings.from_env(environ)
        return cls(Masker(settings.filter_parameters, settings.filter_mask), Limits.from_env(environ))

    def sanitize(self, span: Span) -> Span:
        """Return the span as it may leave this process."""
        return self._limits.applied(self._masked(span))

    def sanitize_record(self, record: LogRecord) -> LogRecord:
        """Return the log record as it may leave this process."""
        attributes = self._attributes(record.attributes)
        body = self._masker.scrub(record.body) if record.body else ""
        if attributes is not record.attributes or body != record.body:
            record = replace(record, attributes=attributes, body=body)
        return self._limits.applied_to_record(record)

    def _masked(self, span: Span) -> Span:
        attributes = self._attributes(span.attributes)
        events = span.events
        for event in events:
            if event.attributes:
                events = [self._masked_event(event) for event in events]
                break
        message = self._masker.scrub(span.message) if span.message else ""
        if attributes is span.attributes and message == span.message and events == span.events:
            return span
        return replace(span, message=message, attributes=attributes, events=events)

    def _masked_event(self, event: SpanEvent) -> SpanEvent:
        attributes = self._attributes(event.attributes)
        return event if attributes is event.attributes else replace(event, attributes=attributes)

    def _attributes(self, attributes: Attributes) -> Attributes:
        """Return the attributes without secrets; the very same ones when there is none, which is nearly always."""
        masked_attributes: Attributes = {}
        decisions = self._masker.decisions
        for name, value in attributes.items():
            if name in _OURS:
                continue
            if decisions.get(name) is _SHOW:
                kind = value.__class__
                if kind in _NUMBERS or (kind is str and "=" not in value and ":" not in value):  # type: ignore[operator]
                    continue
            if (masked := self._value(name, value)) is not value:
                masked_attributes[name] = masked
        return attributes | masked_attributes if masked_attributes else attributes

    def _value(self, name: str, value: AttributeValue) -> AttributeValue:
        if self._masker.hides((name,), value):
            return self._masker.mask
        if isinstance(value, str):
            return self._masker.scrub(value)
        if isinstance(value, list):
            masked = [self._masker.scrub(item) for item in value]
            return value if masked == value else masked
        return value


_SHOW = Decision.SHOW  # to look a member up in its enum costs as much as a comparison
_NUMBERS = frozenset((int, float, bool))

# Names, numbers and states that we wrote ourselves: there is no secret in them.
_OURS = {
    "attempt_number", "completed_steps", "completion_time", "execution_duration", "failed_steps", "pending_steps",
    "producer", "retry_limit", "status", "step_id", "step_name", "task_id", "task_name", "total_steps",
}  # fmt: skip
