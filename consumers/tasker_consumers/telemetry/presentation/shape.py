"""Finished spans as the operator wants them shown."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Self

from tasker_consumers.telemetry.presentation.cicd import cicd_span
from tasker_consumers.telemetry.presentation.convention import Convention, convention_of
from tasker_consumers.telemetry.presentation.gen_ai import gen_ai_span
from tasker_consumers.telemetry.presentation.switches import EventSwitches
from tasker_consumers.telemetry.spans.span import Span

_RENAMED: Mapping[Convention, Callable[[Span], Span]] = {
    Convention.CICD: cicd_span,
    Convention.GEN_AI: gen_ai_span,
}


class SpanShape(NamedTuple):
    """Where events go, and the convention of names and attributes; by default spans stay as they are made."""

    events: EventSwitches = EventSwitches()
    convention: Convention = Convention.TASKER

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read `TASKER_TELEMETRY_EVENTS`, `TASKER_SPAN_CONVENTION` and OpenTelemetry's variables for conventions.

        Raises ConfigurationError for a value that cannot work.
        """
        return cls(EventSwitches.from_env(environ), convention_of(environ))

    def applied(self, spans: list[Span]) -> list[Span]:
        """Return spans as they are to be shown; the very same list where nothing is switched."""
        rename = _RENAMED.get(self.convention)
        shown = self.events.shown(spans)
        return shown if rename is None else [rename(span) for span in shown]

    def __str__(self) -> str:
        """Return the choice for the log.

        >>> str(SpanShape())
        'convention tasker; events on spans; exceptions on spans'
        """
        events, exceptions = self.events.describe()
        return f"convention {self.convention}; events {events}; exceptions {exceptions}"
