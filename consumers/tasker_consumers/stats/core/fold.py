"""The fold of events into the state of a task: pure, and the same for every order and number of deliveries.

Each event only adds facts to the state (see `state` and `steps`), so folding is commutative, associative and
idempotent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import repeat
from typing import Any

from tasker_consumers.stats.core.derive import derive_stats
from tasker_consumers.stats.core.lattice import least
from tasker_consumers.stats.core.state import ErrorFact, StatusEvent, TaskState, TraceCarrier
from tasker_consumers.stats.core.steps import BEGUN, Event
from tasker_consumers.stats.core.table import SMALL_EVENTS
from tasker_consumers.waits import SIGN_EVENTS, learn_sign
from tasker_schemas.catalogue import RANK_AFTER, events_with
from tasker_schemas.headers import read_span
from tasker_schemas.names import Family, ObservabilityEvents, StepEvents, TaskEvents, WorkflowEvents
from tasker_schemas.silence import silence_limit

Headers = Sequence[tuple[str, bytes | None]]

#: The families whose events concern the completion of a task.
FAMILIES = (Family.TASK, Family.STEP, Family.WORKFLOW, Family.OBSERVABILITY)

#: The fields of an event that the fold reads.
FOLDED_FIELDS = frozenset({
    "event_id", "event_name", "timestamp", "task_id", "task_name", "attributes", "started_at", "completed_at",
    "total_steps", "step_id", "step_name", "attempt_number", "depends_on", "execution_duration", "error_class",
    "error_message",
})  # fmt: skip

#: Longest error message in the state; the event itself has the whole text.
MESSAGE_LENGTH = 1000


def fold(state: TaskState | None, event: Event, headers: Headers = ()) -> TaskState:
    """Return the state of a task after one more event; `state` itself is changed, None starts a task.

    `event` is a decoded record of any family that has a task id. When the steps are frozen, events of steps change
    nothing, while the task's own events still do.
    """
    if state is None:
        state = TaskState(event["task_id"])
    name: str = event["event_name"]
    digest = event_digest(event["event_id"])
    of_task = name.startswith("task.")
    if not of_task and state.steps.frozen is not None:
        state.late += 1
        return state
    timestamp: int = event["timestamp"]
    late = 0
    if state.last_event_at is None or timestamp > state.last_event_at:
        state.last_event_at = timestamp
    elif timestamp < state.last_event_at:
        late = 1
    task_name = event.get("task_name")
    if task_name != state.name:
        state.name = least(state.name, task_name)
    carrier = state.carrier
    if carrier is None or (timestamp <= carrier.timestamp and (timestamp, event["event_id"]) < carrier):
        _learn_trace(state, event, headers)
    learn = _LEARN.get(name)
    if learn is not None:
        learn(state, event)
    if of_task and (digest in state.events or len(state.events) < SMALL_EVENTS or state.steps.frozen is not None):
        is_new = digest not in state.events
        state.events.add(digest)
    else:  # the ids of a task with very many events of its own are spread as those of its steps
        is_new = state.steps.learn(event, digest)
    if is_new:
        state.late += late
    else:
        state.repeated += 1
    return state


def event_digest(event_id: str) -> int:
    """Return a hash of 48 bits, which stands for an event in the state: of 100,000 events none collide in practice."""
    digest = _EMPTY_DIGEST.copy()  # to make an object of options takes twice as long
    digest.update(event_id.encode())
    value, number = digest.digest(), 0
    for byte in value:  # compiled, this is faster than `int.from_bytes`
        number = number << 8 | byte
    return number


_EMPTY_DIGEST = blake2b(digest_size=6)


def recompute(events: Iterable[Event], headers: Iterable[Headers] | None = None) -> dict[str, dict[str, Any]]:
    """Return the statistics of every task in a history, by task id, from scratch.

    `headers` are the headers of each event, in the same order; without headers trace ids are derived. Custom events
    are skipped: they do not concern completion.
    """
    states: dict[str, TaskState] = {}
    fold_all(states, events, headers)
    return {task_id: derive_stats(state) for task_id, state in states.items()}


def fold_all(
    states: dict[str, TaskState], events: Iterable[Event], headers: Iterable[Headers] | None = None
) -> set[str]:
    """Fold events into the states of their tasks, as `recompute` does, and return the ids of these tasks."""
    task_ids = set()
    for event, event_headers in zip(events, repeat(()) if headers is None else headers, strict=False):
        task_id = event.get("task_id")
        if task_id is not None and event["event_name"].partition(".")[0] in FAMILIES:
            states[task_id] = fold(states.get(task_id), event, event_headers)
            task_ids.add(task_id)
    return task_ids


def _learn_trace(state: TaskState, event: Event, headers: Headers) -> None:
    span = read_span(headers) if headers else None
    if span is not None:
        carrier = TraceCarrier(event["timestamp"], event["event_id"], span.trace_id)
        state.carrier = carrier if state.carrier is None else min(state.carrier, carrier)


def _learn_created(state: TaskState, event: Event) -> None:
    state.created_at = least(state.created_at, event["timestamp"])
    _learn_status(state, event)


def _learn_start_requested(state: TaskState, event: Event) -> None:
    state.start_requested_at = least(state.start_requested_at, event["timestamp"])
    _learn_status(state, event)


def _learn_status(state: TaskState, event: Event) -> None:
    timestamp: int = event["timestamp"]
    rank = RANK_AFTER[event["event_name"]]
    completed_at: int | None = event.get("completed_at")
    status_event = StatusEvent(timestamp, rank, timestamp if completed_at is None else completed_at)
    if state.status_event is None or status_event > state.status_event:
        state.status_event = status_event
    if rank >= BEGUN:
        state.started_at = least(state.started_at, event.get("started_at"))
    limit = silence_limit(event.get("attributes"))
    if limit is not None and (state.silence_limit_s is None or limit > state.silence_limit_s):
        state.silence_limit_s = limit
    _learn_announced(state, event)


def _learn_announced(state: TaskState, event: Event) -> None:
    state.announced = max(state.announced, event.get("total_steps") or 0)


def _learn_failed(state: TaskState, event: Event) -> None:
    _learn_status(state, event)
    _learn_error(state, event)


def _learn_error(state: TaskState, event: Event) -> None:
    step_id: str | None = event.get("step_id")
    error = ErrorFact(
        event["timestamp"],
        step_id is None,
        step_id or "",
        event.get("attempt_number") or 1,
        event.get("error_class") or "",
        (event.get("error_message") or "")[:MESSAGE_LENGTH],
    )
    if state.first_error is None or error < state.first_error:
        state.first_error = error


def _learn_queued(state: TaskState, event: Event) -> None:
    state.queued_at = least(state.queued_at, event["timestamp"])


def _learn_handled(state: TaskState, event: Event) -> None:
    started_at: int | None = event.get("started_at")
    state.handled_at = least(state.handled_at, event["timestamp"] if started_at is None else started_at)
    _learn_announced(state, event)


def _learn_sign(state: TaskState, event: Event) -> None:
    learn_sign(state.signs, event)


_LEARN: Mapping[str, Callable[[TaskState, Event], None]] = {
    str(name): learn  # names that are members of an enumeration are found more slowly
    for name, learn in {
        **dict.fromkeys(events_with(Family.TASK) & RANK_AFTER.keys(), _learn_status),
        TaskEvents.INITIALIZE_REQUESTED: _learn_created,
        TaskEvents.START_REQUESTED: _learn_start_requested,
        TaskEvents.FAILED: _learn_failed,
        StepEvents.FAILED: _learn_error,
        StepEvents.MAX_RETRIES_REACHED: _learn_error,
        WorkflowEvents.TASK_STARTED: _learn_handled,
        WorkflowEvents.TASK_COMPLETED: _learn_announced,
        WorkflowEvents.TASK_FAILED: _learn_announced,
        ObservabilityEvents.Task.ENQUEUE: _learn_queued,
        ObservabilityEvents.Task.START: _learn_handled,
        **dict.fromkeys(SIGN_EVENTS, _learn_sign),
    }.items()
}
