"""Both folds of a run's events, spans and statistics, which go on with the events that are new."""

from collections.abc import Iterable
from typing import Any

from tasker_consumers.stats.core.derive import derive_stats
from tasker_consumers.stats.core.fold import Headers, fold_all
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.telemetry.core.event import Event
from tasker_consumers.telemetry.spans.growing_spans import GrowingSpans
from tasker_consumers.telemetry.spans.span import Span

Payload = dict[str, Any]


class GrowingFolds:
    """Takes the events of tasks in any order, each once, and folds them when spans or statistics are asked for."""

    def __init__(self) -> None:
        self._new_events: list[Event] = []
        self._new_payloads: list[tuple[Payload, Headers]] = []
        self._spans: dict[str, GrowingSpans] = {}
        self._states: dict[str, TaskState] = {}
        self._stats: dict[str, Payload] = {}

    def add(self, events: Iterable[Event], payloads: Iterable[Payload], headers: Iterable[Headers]) -> None:
        """Add events: each as spans are made of it, with all of its fields, and its headers."""
        self._new_events += events
        self._new_payloads += zip(payloads, headers, strict=True)

    def spans(self) -> list[Span]:
        """Return the spans of all tasks by task and start, those that have not ended too."""
        events, self._new_events = self._new_events, []
        for event in events:
            task_id = event.data.get("task_id")
            if task_id is not None:
                if (task := self._spans.get(task_id)) is None:
                    task = self._spans[task_id] = GrowingSpans()
                task.fold(event)
        return [span for _, task in sorted(self._spans.items()) for span in task.spans()]

    def tasks(self) -> list[Payload]:
        """Return the statistics of all tasks."""
        new, self._new_payloads = self._new_payloads, []
        changed = fold_all(self._states, (payload for payload, _ in new), (headers for _, headers in new))
        self._stats |= {task_id: derive_stats(self._states[task_id]) for task_id in changed}
        return [self._stats[task_id] for task_id in self._states]
