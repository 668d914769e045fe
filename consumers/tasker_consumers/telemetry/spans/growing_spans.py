"""The spans of a task whose events come bit by bit: a span that no new event can have changed is not made again."""

from tasker_consumers.telemetry.core.event import Event
from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.spans.attempt_changes import AttemptChanges
from tasker_consumers.telemetry.spans.attempt_span import attempt_span
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.telemetry.spans.task_spans import task_spans
from tasker_consumers.telemetry.spans.views.task_view import view_of


class GrowingSpans:
    """Folds the events of a task, and returns its spans after any of them, also those that have not ended."""

    def __init__(self, names: SpanNames = SpanNames.TASKER) -> None:
        self._names = names
        self._state: TaskState | None = None
        self._made: dict[AttemptKey, Span | None] = {}
        self._changes = AttemptChanges()
        self._latest: list[Span] | None = []

    def fold(self, event: Event) -> None:
        """Add an event of the task, in any order."""
        self._state = fold(self._state, event)
        self._changes.note(event)
        self._latest = None

    def spans(self) -> list[Span]:
        """Return all spans by start, the longest first."""
        if self._latest is None and self._state is not None:
            self._latest = self._make(self._state)
        return list(self._latest or ())

    def _make(self, state: TaskState) -> list[Span]:
        view = view_of(state)
        for key in self._changes.changed(view, self._made):
            del self._made[key]
        for key, attempt in state.attempts():
            if key not in self._made:
                self._made[key] = attempt_span(view, key, attempt, self._names)
        state.arrivals.clear()
        spans = [*task_spans(view, self._names), *(span for span in self._made.values() if span is not None)]
        return sorted(spans, key=lambda span: (span.start, -span.end, span.span_id))
