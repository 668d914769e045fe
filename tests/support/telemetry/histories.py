"""Histories of tasks for the tests of telemetry: written by hand, and drawn by Hypothesis."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tasker_consumers.telemetry.core.event import Event, read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import TaskState
from tasker_schemas.avro.codec import encode
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.headers import SpanRef, TraceHeaders, cloud_event_headers, trace_headers
from tasker_schemas.identity import event_id_of, step_span_id, task_span_id, trace_id_of
from tasker_schemas.names import Family, ObservabilityEvents, StepEvents, TaskEvents, WorkflowEvents, family_of
from tasker_schemas.topics import event_topic

SECOND = 1_000_000
T0 = 1_700_000_000 * SECOND
CALLER = "c" * 16  # the span that was active where the tasks were created
TASK = "42"


class Told(NamedTuple):
    """A record as a producer would send it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


def place(task_id: str, step_id: str | None = None, attempt: int = 1) -> TraceHeaders:
    """Return the place of a task, or of an attempt, in the trace that the task's id stands for."""
    trace_id = trace_id_of(task_id)
    task = SpanRef(trace_id, task_span_id(task_id))
    if step_id is None:
        return TraceHeaders(task, SpanRef(trace_id, CALLER))
    return TraceHeaders(SpanRef(trace_id, step_span_id(task_id, step_id, attempt)), task)


def told(name: str, at: float, /, *, trace: TraceHeaders | None = None, prefix: str = "tasker", **fields: Any) -> Told:
    """Return the record of an event `at` seconds after the beginning; its id is made of what it says."""
    family = family_of(name)
    timestamp = T0 + round(at * SECOND)
    data = {"event_name": name, "timestamp": timestamp, "task_id": TASK, "task_name": "order_processing", **fields}
    subject = f"{name}/{data['task_id']}/{data.get('step_id')}/{data.get('attempt_number')}"
    data.setdefault("event_id", event_id_of(subject, timestamp))
    if trace is None:
        step_id = data["step_id"] if family is Family.STEP else None
        number = data.get("attempt_number", 1)
        trace = place(data["task_id"], step_id, number) if data["task_id"] else TraceHeaders()
    headers = [*trace_headers(trace), *cloud_event_headers(data, "shop")]
    key = (data["task_id"] or name).encode()
    return Told(event_topic(family, prefix), key, encode(RECORD_OF_FAMILY[family], data), tuple(headers))


def attempt(
    step: str, start: float, end: float, outcome: str = "completed", number: int = 1, **more: Any
) -> list[Told]:
    """Return the records of one attempt of a step, by seconds."""
    same = {"step_id": step, "attempt_number": number, "step_name": f"{step}_step", "retry_limit": 3, **more}
    times: dict[str, Any] = {"started_at": T0 + round(start * SECOND), "completed_at": T0 + round(end * SECOND)}
    return [
        told(StepEvents.HANDLE, start, started_at=times["started_at"], **same),
        told(
            f"step.{outcome}",
            end,
            execution_duration=(times["completed_at"] - times["started_at"]) / SECOND,
            **times,
            **same,
        ),
    ]


FAILURE: dict[str, Any] = {
    "error_class": "gateway.Timeout",
    "error_message": "no answer",
    "backtrace": ["a.py:1", "b.py:2"],
}


def order(task_id: str = TASK, **more: Any) -> list[Told]:
    """Return a whole order: three steps, one of them retried, one that depends on two."""
    same = {"task_id": task_id, **more}
    return [
        told(TaskEvents.INITIALIZE_REQUESTED, 0, total_steps=3, attributes={"customer": 7}, **same),
        told(TaskEvents.START_REQUESTED, 1, started_at=T0 + SECOND, **same),
        told(WorkflowEvents.VIABLE_STEPS_DISCOVERED, 1.5, step_ids=["fetch"], step_count=1, **same),
        *attempt("fetch", 1, 2, depends_on=[], attributes={"items": 3, "cached": False}, **same),
        *attempt("charge", 2, 3.000001, "failed", depends_on=["fetch"], **FAILURE, **same),
        told(StepEvents.RETRY_REQUESTED, 3, step_id="charge", attempt_number=2, previous_attempts=1, **same),
        told(ObservabilityEvents.Step.BACKOFF, 3.5, step_id="charge", attempt_number=2, backoff_seconds=1.0, **same),
        *attempt("charge", 4, 6, number=2, depends_on=["fetch"], **same),
        told("shop.payment_taken", 5, trace=place(task_id, "charge", 2), attributes={"amount": 12.5}, **same),
        *attempt("ship", 6, 7, depends_on=["fetch", "charge"], **same),
        told(
            TaskEvents.COMPLETED,
            7,
            completed_at=T0 + 7 * SECOND,
            total_steps=3,
            completed_steps=3,
            failed_steps=0,
            **same,
        ),
    ]


def failed_order(task_id: str = TASK, **more: Any) -> list[Told]:
    """Return an order that failed for good."""
    same = {"task_id": task_id, **more}
    return [
        told(TaskEvents.START_REQUESTED, 0, **same),
        *attempt("charge", 1, 2, "failed", **FAILURE, **same),
        told(TaskEvents.FAILED, 3, total_steps=1, completed_steps=0, failed_steps=1, **FAILURE, **same),
    ]


def large_order(steps: int, task_id: str = "large") -> list[Told]:
    """Return a task of many steps, each after the one before."""
    chain = [
        record
        for n in range(steps)
        for record in attempt(f"s{n}", n, n + 1, depends_on=[f"s{n - 1}"] if n else [], task_id=task_id)
    ]
    return [
        told(TaskEvents.START_REQUESTED, 0, task_id=task_id),
        *chain,
        told(TaskEvents.COMPLETED, steps, task_id=task_id, total_steps=steps),
    ]


def events_of(records: Iterable[Told]) -> list[Event]:
    """Return the decoded events of records."""
    return [read_event(record) for record in records]


def folded(records: Iterable[Told]) -> TaskState:
    """Return the state after the records of one task."""
    state = None
    for event in events_of(records):
        state = fold(state, event)
    assert state is not None
    return state


_NAMES = [
    *TaskEvents,
    *StepEvents,
    *ObservabilityEvents.Task,
    *ObservabilityEvents.Step,
    *list(WorkflowEvents)[:3],
    "shop.payment_taken",
]
_moments = st.none() | st.integers(T0, T0 + 20 * SECOND)


@st.composite
def records(draw: st.DrawFn) -> Told:
    """Draw any event of one task, with headers or without: few values, so that they collide often."""
    name = str(draw(st.sampled_from(_NAMES)))
    family = family_of(name)
    fields: dict[str, Any] = {"attributes": draw(st.dictionaries(st.sampled_from("xy"), st.integers(0, 3), max_size=2))}
    step, number = draw(st.sampled_from("ab")), draw(st.integers(1, 3))
    if family is Family.STEP or (family is Family.OBSERVABILITY and draw(st.booleans())):
        fields |= {"step_id": step, "attempt_number": number}
    if family in (Family.STEP, Family.TASK):
        fields |= {"started_at": draw(_moments), "completed_at": draw(_moments)}
        fields["execution_duration"] = draw(st.none() | st.floats(0, 10))
        fields["error_message"] = draw(st.none() | st.sampled_from(["no answer", ""]))
    if family is Family.STEP:
        fields["depends_on"] = draw(st.none() | st.lists(st.sampled_from("abc"), max_size=3))
    traces = [TraceHeaders(), place(TASK), place(TASK, step, number)]
    trace = draw(st.sampled_from([None, *traces]))
    at = draw(st.integers(0, 10))
    event_id = f"{name}/{step}/{number}/{at}/{draw(st.integers(0, 1))}"
    return told(name, at, trace=trace, event_id=event_id, **fields)


_HOSTILE_TIMES = st.sampled_from([0, 1, T0, T0 + 1, T0 + 5 * SECOND, T0 + 3600 * SECOND, 2**64 // 1000 - 1])
_TRACE, _SPAN = "f" * 32, "9" * 16
_HOSTILE_TRACES = [
    TraceHeaders(SpanRef(_TRACE, _SPAN)),
    TraceHeaders(SpanRef(_TRACE, _SPAN), SpanRef(_TRACE, _SPAN)),
    TraceHeaders(place(TASK).span, place(TASK, "a").span),
    TraceHeaders(place(TASK, "a").span, place(TASK, "b").span),
    TraceHeaders(place(TASK, "b").span, place(TASK, "a").span),
    TraceHeaders(SpanRef(trace_id_of(TASK), CALLER), place(TASK, "a").span),
]


@st.composite
def hostile_records(draw: st.DrawFn) -> Told:
    """Draw any event of one task whose times, contexts, producers and attributes contradict those of others."""
    name = str(draw(st.sampled_from(_NAMES)))
    family = family_of(name)
    reserved = st.sampled_from(["status", "step_id", "tasker.late", "execution_duration", "error", "x"])
    fields: dict[str, Any] = {
        "attributes": draw(st.dictionaries(reserved, st.integers(0, 3), max_size=2)),
        "producer": draw(st.sampled_from(["", "web:1", "worker:1", "worker:2", "no host"])),
    }
    step, number = draw(st.sampled_from("ab")), draw(st.integers(1, 2))
    if family is Family.STEP or (family is Family.OBSERVABILITY and draw(st.booleans())):
        fields |= {"step_id": step, "attempt_number": number}
    if family in (Family.STEP, Family.TASK):
        fields |= {"started_at": draw(st.none() | _HOSTILE_TIMES), "completed_at": draw(st.none() | _HOSTILE_TIMES)}
        fields["execution_duration"] = draw(st.none() | st.sampled_from([0.0, 1e-6, 5.0, 1e6]))
        fields["error_class"] = draw(st.none() | st.just("E"))
    trace = draw(st.sampled_from([None, place(TASK), place(TASK, step, number), *_HOSTILE_TRACES]))
    timestamp = draw(_HOSTILE_TIMES)
    event_id = f"{name}/{step}/{number}/{draw(st.integers(0, 5))}"
    return told(name, 0, trace=trace, event_id=event_id, timestamp=timestamp, **fields)
