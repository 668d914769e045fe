"""The records of a run, made anew from the rows of the store: for tasks that the topics have lost."""

# ruff: noqa: PLC0415  the store is an extra of its own

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.avro.codec import encode
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.catalogue import fields_of
from tasker_schemas.errors import UsageError
from tasker_schemas.headers import CE_TYPE, SpanRef, TraceHeaders, trace_headers
from tasker_schemas.identity import event_id_of, step_span_id, task_span_id, trace_id_of
from tasker_schemas.names import State, TaskEvents, family_of

if TYPE_CHECKING:
    from tasker_consumers.store.reading.reader import StoreReader

Task = Mapping[str, Any]
_ENDS = {State.COMPLETE: TaskEvents.COMPLETED, State.ERROR: TaskEvents.FAILED, State.CANCELLED: TaskEvents.CANCELLED}
#: Where these records lie, in the place of a topic.
_PLACE = "store"


def records_of_store(reader: "StoreReader", task: Task) -> list[StoredRecord]:
    """Return the records of a task and of the other tasks of its trace; none where the store has no row of a step.

    The begin and the end of a task are those of its statistics.
    """
    from tasker_consumers.store.reading.events import stored_events, tasks_of_trace

    trace_id = task["trace_id"]
    related = tasks_of_trace(reader, trace_id) if trace_id else []
    tasks = [task, *(stats for stats in related if stats["task_id"] != task["task_id"])]
    events = stored_events(reader, tasks)
    if not events:
        return []
    return list(_records([*(event for stats in tasks for event in _bounds_of(stats)), *events]))


def _bounds_of(task: Task) -> Iterator[dict[str, Any]]:
    """Yield the begin and the end of a task as events."""
    same = {"task_id": task["task_id"], "task_name": task["task_name"], "trace_id": task["trace_id"]}
    created, started, end = task["created_at"], task["started_at"], task["completed_at"]
    if created is not None:
        yield {**same, "event_name": TaskEvents.INITIALIZE_REQUESTED, "timestamp": created}
    if started is not None:
        yield {**same, "event_name": TaskEvents.START_REQUESTED, "timestamp": started, "started_at": started}
    name = _ENDS.get(task["status"])
    if end is not None and name is not None:
        counts = {field: task[field] for field in ("total_steps", "completed_steps", "failed_steps")}
        yield {**same, **counts, "event_name": name, "timestamp": end, "completed_at": end}


def _records(events: Sequence[Mapping[str, Any]]) -> Iterator[StoredRecord]:
    for number, event in enumerate(events):
        name, at = str(event["event_name"]), event["timestamp"]
        try:
            family = family_of(name)
        except UsageError:  # an event of a service's own, whose name no producer of ours would send
            continue
        names = fields_of(family)
        fields = {field: value for field, value in event.items() if field in names}
        fields.setdefault("event_id", event_id_of(f"{name} {event.get('task_id')}", at))
        yield StoredRecord(
            topic=_PLACE,
            partition=0,
            offset=number,
            timestamp=at // 1000,
            key=(event.get("task_id") or name).encode(),
            value=encode(RECORD_OF_FAMILY[family], fields),
            headers=tuple(_headers(name, event)),
        )


def _headers(name: str, event: Mapping[str, Any]) -> Iterable[tuple[str, bytes]]:
    yield CE_TYPE, name.encode()
    task_id, step_id = event["task_id"], event.get("step_id")
    trace_id = event.get("trace_id") or trace_id_of(task_id)
    task = SpanRef(trace_id, task_span_id(task_id))
    if step_id is None:
        yield from trace_headers(TraceHeaders(task))
        return
    span_id = event.get("span_id") or step_span_id(task_id, step_id, event.get("attempt_number") or 1)
    yield from trace_headers(TraceHeaders(SpanRef(trace_id, span_id), task))
