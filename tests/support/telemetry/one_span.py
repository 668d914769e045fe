"""The single span that a test is about, and its times in seconds after the beginning of the histories."""

from typing import Any

from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import STEP, TASK, Span
from tests.support.telemetry.histories import SECOND, T0, Told


def root_of(history: list[Told]) -> Span:
    """Return the span of the task."""
    (span,) = [span for span in spans_of(history) if span.kind == TASK]
    return span


def step_of(history: list[Told], **attributes: Any) -> Span:
    """Return the one span of an attempt with these attributes."""
    (span,) = [s for s in spans_of(history) if s.kind == STEP and attributes.items() <= s.attributes.items()]
    return span


def seconds_of(span: Span) -> tuple[float, float]:
    """Return start and end."""
    return _seconds(span.start), _seconds(span.end)


def shown(span: Span) -> list[tuple[str, float]]:
    """Return names and times of the span's events."""
    return [(event.name, _seconds(event.time)) for event in span.events]


def _seconds(nanoseconds: int) -> float:
    return (nanoseconds // 1000 - T0) / SECOND


def named(name: str, history: list[Told], **attributes: Any) -> Span:
    """Return the one span with this name and these attributes."""
    (span,) = [s for s in spans_of(history) if s.name == name and attributes.items() <= s.attributes.items()]
    return span
