"""XES event logs as events: a case is a task, its activities are steps.

| in the log | becomes |
|---|---|
| a case (`trace`), `concept:name` | task `xes:<log>:<case>` |
| an activity, `concept:name`, with `concept:instance` | step |
| schedule, assign | `step.execution_requested` |
| start | `step.handle` |
| complete, or no transition at all | `step.completed` |
| ate_abort, pi_abort | `step.failed` |
| withdraw, autoskip, manualskip | `step.cancelled`, with that word as the reason |
| suspend, resume, reassign | nothing of its own: the activity goes on |

Of several open executions of an activity the oldest ends first, unless `concept:instance` tells them apart. An activity
that comes again is a step of its own, `pay#2`; after an abort it is the next attempt. A log tells no end of a case: a
case whose activities have all ended has ended with the last of them.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasker_consumers.importers.documents.node import Node
from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.executions import (
    Execution,
    Reason,
    TaskRun,
    Timing,
    events_of,
    failure_of,
    span_of_executions,
)
from tasker_consumers.importers.repeated import numbered
from tasker_consumers.importers.sources import Content
from tasker_consumers.importers.times import read_time
from tasker_consumers.importers.xes.parser import Case, Element, LogParser
from tasker_schemas.names import State

_NAME, _INSTANCE, _TRANSITION, _TIME = "concept:name", "concept:instance", "lifecycle:transition", "time:timestamp"
_OUTCOMES: Mapping[str, State] = {
    "complete": State.COMPLETE,
    "ate_abort": State.ERROR,
    "pi_abort": State.ERROR,
    "withdraw": State.CANCELLED,
    "autoskip": State.CANCELLED,
    "manualskip": State.CANCELLED,
}
_GOES_ON = ("assign", "suspend", "resume", "reassign", "unknown")
_TOLD = (_NAME, _INSTANCE, _TRANSITION, _TIME)
_ENDING = ".xes"


def read(content: Content) -> Iterator[ImportedEvent]:
    """Yield the events of every case in a log, a case at a time; raise BrokenFile."""
    is_empty = True
    for case in LogParser().parse(content):
        is_empty = False
        yield from events_of(_task(case, content.name.removesuffix(_ENDING)))
    if is_empty:
        raise BrokenFile("the file", "no case is in it")


def _task(case: Case, file_name: str) -> TaskRun:
    log = case.log.text(_NAME) or file_name
    name = case.element.text(_NAME) or f"case {case.number}"
    executions = list(numbered(_executions(case)))
    timing = span_of_executions(executions)
    return TaskRun(
        task_id=_id(f"xes:{log}:{name}", case.element.place),
        name=_id(log, case.log.place),
        timing=timing,
        executions=executions,
        reason=failure_of(executions, "aborted"),
        attributes={"imported_from": "XES", "case": name, **_attributes(case.element)},
    )


@dataclass(slots=True)
class _Open:
    """An execution of an activity as far as the log has told it; `element` is its latest event."""

    activity: str
    element: Element
    queued_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    outcome: State | None = None
    reason: str = ""

    def execution(self) -> Execution:
        """Return the execution as a step."""
        return Execution(
            step_id=_id(self.activity, self.element.place),
            name=self.activity,
            timing=Timing(
                queued_at=self.queued_at, started_at=self.started_at, ended_at=self.ended_at, outcome=self.outcome
            ),
            reason=Reason(error_class=self.reason, message=self.reason),
            attributes=_attributes(self.element),
        )


@dataclass(slots=True)
class _Waiting:
    """The executions of an activity that have not ended: those that have not started either, and those that run."""

    queued: deque[_Open] = field(default_factory=deque)
    running: deque[_Open] = field(default_factory=deque)

    def oldest(self, *, is_withdrawn: bool) -> _Open | None:
        """Take out the execution that an end belongs to, None when there is none."""
        queues = (self.queued, self.running) if is_withdrawn else (self.running, self.queued)
        return next((queue.popleft() for queue in queues if queue), None)


class _CaseReader:
    """Reads the events of a case in their order; `begun` are its executions in the order in which they began."""

    def __init__(self) -> None:
        self.begun: list[_Open] = []
        self._waiting: dict[tuple[str, str | None], _Waiting] = {}

    def read(self, event: Element, time: int) -> None:
        activity = event.text(_NAME)
        if activity is None:
            raise BrokenFile(event.place, f"an event without {_NAME}")
        waiting = self._waiting.setdefault((activity, event.text(_INSTANCE)), _Waiting())
        transition = (event.text(_TRANSITION) or "complete").lower()
        if transition == "schedule" or (transition == "assign" and not waiting.queued):
            waiting.queued.append(self._new(activity, event))
            waiting.queued[-1].queued_at = time
        elif transition == "start":
            started = waiting.queued.popleft() if waiting.queued else self._new(activity, event)
            started.started_at = time
            waiting.running.append(started)
        elif (outcome := _OUTCOMES.get(transition)) is not None:
            ended = waiting.oldest(is_withdrawn=transition == "withdraw") or self._new(activity, event)
            ended.ended_at, ended.outcome, ended.reason, ended.element = time, outcome, transition, event
        elif transition not in _GOES_ON:
            transitions = ", ".join(["schedule", "start", *_OUTCOMES, *_GOES_ON])
            raise BrokenFile(event.place, f"the transition {transition[:40]!r} is none of XES ({transitions})")

    def _new(self, activity: str, event: Element) -> _Open:
        self.begun.append(_Open(activity, event))
        return self.begun[-1]


def _executions(case: Case) -> Iterator[Execution]:
    reader = _CaseReader()
    for time, event in _in_order(case.events):
        reader.read(event, time)
    return (execution.execution() for execution in reader.begun)


def _in_order(events: Sequence[Element]) -> list[tuple[int, Element]]:
    """Return events with their times, in the order of these; the file's order decides ties."""
    timed = [(_time(event), event) for event in events]
    return sorted(timed, key=lambda entry: entry[0])


def _time(event: Element) -> int:
    text = event.text(_TIME)
    if text is None:
        raise BrokenFile(event.place, f"an event without {_TIME}")
    return read_time(Node(text, f"{event.place}: {_TIME}"))


def _id(text: str, place: str) -> str:
    return Node(text, place).identifier()


def _attributes(element: Element) -> dict[str, Any]:
    return {key: _plain(*entry) for key, entry in element.attributes.items() if key not in _TOLD}


def _plain(kind: str, value: str) -> Any:
    try:
        if kind == "int":
            return int(value)
        if kind == "float":
            return float(value)
    except ValueError:
        return value
    return value.lower() == "true" if kind == "boolean" else value
