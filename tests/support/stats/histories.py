"""Histories of tasks for the tests of the statistics: written by hand, and drawn by Hypothesis."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tasker_schemas.catalogue import fields_of
from tasker_schemas.headers import SpanRef, TraceHeaders, trace_headers
from tasker_schemas.names import Family, ObservabilityEvents, StepEvents, TaskEvents, WorkflowEvents
from tasker_schemas.silence import SILENCE_LIMIT
from tasker_schemas.waiting import WAITING_FOR, WAITING_UNTIL

SECOND = 1_000_000
T0 = 1_700_000_000 * SECOND

Event = dict[str, Any]


def event(name: str, at: float, task_id: str = "42", /, **fields: Any) -> Event:
    """Return an event `at` seconds after the beginning of the history; its id is made of what it says."""
    timestamp = T0 + round(at * SECOND)
    step = fields.get("step_id", "")
    fields.setdefault("event_id", f"{name}/{step}/{fields.get('attempt_number', 1)}/{timestamp}")
    return {"event_name": name, "task_id": task_id, "timestamp": timestamp, **fields}


def attempt(
    step: str, start: float, end: float, outcome: str = "completed", number: int = 1, **more: Any
) -> list[Event]:
    """Return the events of one attempt of a step, by seconds."""
    same = {"step_id": step, "attempt_number": number, "step_name": f"{step}_step", **more}
    times = {"started_at": T0 + round(start * SECOND), "completed_at": T0 + round(end * SECOND)}
    return [
        event(StepEvents.HANDLE, start, started_at=times["started_at"], **same),
        event(f"step.{outcome}", end, execution_duration=end - start, **times, **same),
    ]


def order_processing() -> list[Event]:
    """Return a whole order: four steps, one of them retried, a diamond of dependencies."""
    return [
        event(TaskEvents.INITIALIZE_REQUESTED, 0, task_name="order_processing", total_steps=4),
        event(TaskEvents.START_REQUESTED, 1, task_name="order_processing"),
        *attempt("fetch", 1, 2, depends_on=[]),
        *attempt("validate", 2, 5, depends_on=["fetch"]),
        *attempt("charge", 2, 3, "failed", depends_on=["fetch"], error_class="Timeout", error_message="no answer"),
        event(StepEvents.RETRY_REQUESTED, 3, step_id="charge", attempt_number=2, previous_attempts=1),
        *attempt("charge", 4, 6, number=2, depends_on=["fetch"]),
        *attempt("ship", 6, 7, depends_on=["validate", "charge"]),
        event(TaskEvents.COMPLETED, 7, completed_at=T0 + 7 * SECOND, total_steps=4),
    ]


def long_tasks(tasks: int, steps: int) -> list[Event]:
    """Return the events of tasks with many steps each, interleaved; the first events are one of each task."""
    rounds = [[event(TaskEvents.START_REQUESTED, 0, f"task-{n}", total_steps=steps) for n in range(tasks)]]
    for step in range(steps):
        completed = {"step_id": f"s{step}", "started_at": T0, "completed_at": T0 + SECOND}
        rounds.append([event(StepEvents.COMPLETED, 1 + step, f"task-{n}", **completed) for n in range(tasks)])
    return [one for part in rounds for one in part]


def large_task(steps: int, task_id: str = "large") -> list[Event]:
    """Return a task of many steps of one second each, every one after the one before."""
    chain = [
        told
        for n in range(steps)
        for told in attempt(f"s{n}", n, n + 1, depends_on=[f"s{n - 1}"] if n else [], task_id=task_id)
    ]
    return [
        event(TaskEvents.START_REQUESTED, 0, task_id, total_steps=steps),
        *chain,
        event(TaskEvents.COMPLETED, steps, task_id),
    ]


def headers_of(trace_id: str) -> list[tuple[str, bytes]]:
    """Return the headers of an event that belongs to a trace."""
    return trace_headers(TraceHeaders(SpanRef(trace_id, "b" * 16)))


_SIGNS = [ObservabilityEvents.Step.WAITING, ObservabilityEvents.Step.PROGRESS, ObservabilityEvents.Step.HANDLE]
_NAMES = [*TaskEvents, *StepEvents, *WorkflowEvents, *ObservabilityEvents.Task, *_SIGNS, "task.paused", "step.paused"]


def waiting_for(reason: str, until: float | None = None, limit_s: float | None = None) -> dict[str, Any]:
    """Return the attributes of an event that waits; `until` in seconds after the beginning of the history."""
    moment = None if until is None else datetime.fromtimestamp(T0 / SECOND + until, UTC).isoformat()
    return {WAITING_FOR: reason, WAITING_UNTIL: moment, SILENCE_LIMIT: limit_s}


_moments = st.none() | st.integers(0, 9).map(lambda second: T0 + second * SECOND)
_ids = st.sampled_from(["a", "b"])


@st.composite
def events(draw: st.DrawFn) -> tuple[Event, list[tuple[str, bytes]]]:
    """Draw any event of one task, with headers or without: few values, so that they collide often."""
    name = str(draw(st.sampled_from(_NAMES)))
    told: Event = {
        "event_name": name,
        "task_id": "42",
        "timestamp": draw(st.integers(T0, T0 + 20 * SECOND)),
        "event_id": draw(st.uuids(version=4).map(str)),
        "task_name": draw(st.sampled_from([None, "one", "two"])),
        "started_at": draw(_moments),
        "completed_at": draw(_moments),
        "total_steps": draw(st.none() | st.integers(0, 5)),
        "execution_duration": draw(st.none() | st.floats(0, 10**6)),
        "error_class": draw(st.sampled_from([None, "Timeout"])),
        "error_message": draw(st.sampled_from([None, "no answer", "refused"])),
    }
    if not name.startswith(("task.", "observability.task")):
        told |= {
            "step_id": draw(_ids),
            "step_name": draw(st.none() | _ids),
            "attempt_number": draw(st.integers(1, 2)),
            "depends_on": draw(st.none() | st.lists(_ids, max_size=2)),
        }
    if name.endswith(".waiting"):
        told["attributes"] = draw(st.just({}) | st.sampled_from(["approval", "timer"]).map(waiting_for))
    told = {field: value for field, value in told.items() if field in fields_of(Family(name.partition(".")[0]))}
    return told, draw(st.just([]) | st.sampled_from(["1", "2"]).map(lambda digit: headers_of(digit * 32)))


histories = st.lists(events(), max_size=12)
