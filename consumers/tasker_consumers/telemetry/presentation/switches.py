"""Where events and exceptions are shown: on spans, as log records, or as both."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, Self

from tasker_consumers.telemetry.spans.span import END, Span
from tasker_schemas import environment
from tasker_schemas.environment import refusal, text

logger = logging.getLogger(__name__)

EVENTS = "TASKER_TELEMETRY_EVENTS"
EXCEPTIONS = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN"
_EXCEPTION = "exception"


class EventSwitches(NamedTuple):
    """The operator's choice; by default all is on spans, as before there were log records."""

    events_on_spans: bool = True
    events_as_logs: bool = False
    exceptions_on_spans: bool = True
    exceptions_as_logs: bool = False

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read `TASKER_TELEMETRY_EVENTS` and `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN`.

        >>> EventSwitches.from_env({"TASKER_TELEMETRY_EVENTS": "logs"}).events_on_spans
        False

        Raises ConfigurationError for a wrong value of the first. Of the second, a value that OpenTelemetry does not
        know leaves exceptions on spans, as its conventions have it, and the log says so.
        """
        value = text(environ, EVENTS) or "span"
        events = {name.strip().lower() for name in value.split(",")}
        if not events <= {"span", "logs"}:
            raise refusal(EVENTS, value, "span, logs or span,logs")
        opt_in = (environment.text(environ, EXCEPTIONS) or "").lower()
        if opt_in not in ("", "logs", "logs/dup"):
            logger.warning("%s is %r; expected logs or logs/dup: exceptions stay on spans.", EXCEPTIONS, opt_in)
        return cls("span" in events, "logs" in events, opt_in != "logs", opt_in in ("logs", "logs/dup"))

    @property
    def need_logs(self) -> bool:
        """Whether anything is sent as log records."""
        return self.events_as_logs or self.exceptions_as_logs

    @property
    def leave_spans(self) -> bool:
        """Whether spans stay as they are."""
        return self.events_on_spans and self.exceptions_on_spans

    def describe(self) -> tuple[str, str]:
        """Return where events go, and where exceptions go, for the log.

        >>> EventSwitches(events_as_logs=True).describe()
        ('on spans and as logs', 'on spans')
        """
        return (
            _both(self.events_on_spans, self.events_as_logs),
            _both(self.exceptions_on_spans, self.exceptions_as_logs),
        )

    def shown(self, spans: list[Span]) -> list[Span]:
        """Return spans with the events that are to be on them.

        The span of no length that marks a task's end goes with the events: a log record says the same.
        """
        if self.leave_spans:
            return spans
        return [self._trimmed(span) for span in spans if self.events_on_spans or span.kind != END]

    def _trimmed(self, span: Span) -> Span:
        events = [
            event
            for event in span.events
            if (self.exceptions_on_spans if event.name == _EXCEPTION else self.events_on_spans)
        ]
        # Events that went as log records are not dropped.
        return replace(span, events=events, dropped_events=span.dropped_events if self.events_on_spans else 0)


def _both(on_spans: bool, as_logs: bool) -> str:
    return " and ".join(["on spans"] * on_spans + ["as logs"] * as_logs)
