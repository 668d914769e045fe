"""The attempts of a task whose spans new events can have changed."""

from collections import defaultdict
from collections.abc import Mapping

from tasker_consumers.telemetry.core.event import Event
from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.telemetry.spans.views.task_view import TaskView
from tasker_schemas.identity import step_span_id
from tasker_schemas.names import Family

#: Contexts of attempts that are kept apart; a task with more of them is not usual.
_MOST_CONTEXTS = 8
#: Families whose events tell states, and those whose events can tell the context of an attempt.
_STATE_FAMILIES = frozenset({Family.TASK, Family.STEP})
_ATTEMPT_FAMILIES = frozenset({Family.STEP, Family.OBSERVABILITY})


class AttemptChanges:
    """Notes events, and tells the spans that they can have changed.

    The span of an attempt follows from the facts of its step, the steps before it, the annotations with its id, and
    the bounds of the task. Where events carry unusual contexts it follows from all attempts.
    """

    def __init__(self) -> None:
        self._bounds: object = None
        self._steps: set[str] = set()
        self._annotated: set[str] = set()
        #: By step, the steps that depend on it.
        self._dependants: defaultdict[str, set[str]] = defaultdict(set)
        #: Trace id, span id and parent's id of the contexts that attempts carry; the span id is empty for their own.
        self._contexts: set[tuple[str, str, str]] = set()

    def note(self, event: Event) -> None:
        """Note an event of the task."""
        step_id: str | None = event.data.get("step_id")
        if step_id is not None:
            self._steps.add(step_id)
            for earlier in event.data.get("depends_on") or ():
                self._dependants[earlier].add(step_id)
        if event.carried is not None and event.family not in _STATE_FAMILIES:
            self._annotated.add(event.carried.span_id)
        if step_id is not None and event.family in _ATTEMPT_FAMILIES:
            self._note_context(event, step_id)

    def changed(self, view: TaskView, made: Mapping[AttemptKey, Span | None]) -> list[AttemptKey]:
        """Return the attempts whose spans are to be made again, and begin anew."""
        bounds = _bounds_of(view)
        if bounds != self._bounds or not self._is_usual(view):
            changed = list(made)
        else:
            steps = self._steps.union(*(self._dependants.get(step, ()) for step in self._steps))
            changed = [key for key, span in made.items() if key.step_id in steps or self._is_annotated(span)]
        self._bounds = bounds
        self._steps.clear()
        self._annotated.clear()
        return changed

    def _note_context(self, event: Event, step_id: str) -> None:
        number: int | None = event.data.get("attempt_number")
        if event.carried is None or number is None or len(self._contexts) > _MOST_CONTEXTS:
            return
        trace_id, span_id, _, parent_id, _ = event.carried
        is_own = span_id == step_span_id(event.data["task_id"], step_id, number)
        self._contexts.add((trace_id, "" if is_own else span_id, parent_id))

    def _is_annotated(self, span: Span | None) -> bool:
        return span is not None and span.span_id in self._annotated

    def _is_usual(self, view: TaskView) -> bool:
        """Return whether each attempt has a context of its own below the task's, or that of the task."""
        task = view.context
        return len(self._contexts) <= _MOST_CONTEXTS and all(
            trace_id != task.trace_id or span_id == task.span_id or (not span_id and parent_id == task.span_id)
            for trace_id, span_id, parent_id in self._contexts
        )


def _bounds_of(view: TaskView) -> object:
    """Return all that the spans of attempts take from their task; the end of a task that runs is not among it."""
    start, end = view.state.head.start, view.end
    return (
        view.context,
        None if start is None else (start.timestamp, start.producer),
        view.interval.start,
        None if end is None else (end.event_id, end.ended_at, end.fields.get("producer"), view.interval.end),
    )
