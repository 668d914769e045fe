"""Imported events on their way to Kafka, through the producer that services use."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.times import EPOCH
from tasker_schemas.errors import BackendUnavailable
from tasker_schemas.headers import SpanRef, TraceHeaders
from tasker_schemas.identity import step_span_id, task_span_id, trace_id_of

FLUSH_EVERY = 10_000  # events; the producer's queue drops what it cannot hold, and a file is faster than any broker
FLUSH_TIMEOUT_S = 60.0
_MOMENTS = ("started_at", "completed_at")  # fields

#: Hears of a file, of "read" or "published", and of the number of its events so far.
Progress = Callable[[Path, str, int], None]


class Publisher(Protocol):
    """The part of `tasker_producer.EventPublisher` that an import needs."""

    def publish_task_event(self, name: str, task: Any = None, **fields: Any) -> Any:
        """Publish an event of a task."""

    def publish_step_event(self, name: str, step: Any = None, **fields: Any) -> Any:
        """Publish an event of a step."""

    def flush(self, timeout: float) -> int:
        """Wait for the deliveries; return how many records are left."""

    def stats(self) -> dict[str, int]:
        """Return counts of the records by their fate."""


def publish(
    events: Iterable[ImportedEvent], publisher: Publisher, on_count: Callable[[int], None] = lambda _: None
) -> int:
    """Publish events with their own ids and times; return how many. `on_count` hears of the number from time to time.

    Raises BackendUnavailable when the broker does not take them, and UsageError for an event that fits no record.
    """
    count = 0
    for event in events:
        send = publisher.publish_step_event if event.is_step else publisher.publish_task_event
        parent = {} if event.is_step or event.within is None else {"parent_task_id": event.within.task_id}
        send(
            event.name,
            None,
            task_id=event.task_id,
            task_name=event.task_name,
            timestamp=_date(event.timestamp),
            event_id=event.event_id,
            trace=trace_of(event),
            additional_context=event.attributes,
            **parent,
            **_with_dates(event.fields),
        )
        count += 1
        if count % FLUSH_EVERY == 0:
            deliver(publisher)
            on_count(count)
    return count


def _with_dates(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {**fields, **{name: _date(fields[name]) for name in _MOMENTS if name in fields}}


def _date(moment: int) -> datetime:
    """Return microseconds as a date: numbers of the first years look like seconds or milliseconds to the producer."""
    return EPOCH + timedelta(microseconds=moment)


def deliver(publisher: Publisher) -> None:
    """Wait until everything has arrived; raise BackendUnavailable when it does not."""
    undelivered = publisher.flush(FLUSH_TIMEOUT_S) + publisher.stats().get("dropped", 0)
    if undelivered:
        raise BackendUnavailable(
            f"Kafka did not take {undelivered} events; check KAFKA_BOOTSTRAP_SERVERS and import again: "
            f"events that arrived already are recognised"
        )


def trace_of(event: ImportedEvent) -> TraceHeaders:
    """Return the place in a trace that an event always has, whatever span is active in this process."""
    within = event.within
    trace_id = trace_id_of(event.task_id if within is None else within.root_task_id)
    task = SpanRef(trace_id, task_span_id(event.task_id))
    if not event.is_step:
        parent_span = within and SpanRef(trace_id, step_span_id(within.task_id, within.step_id, within.attempt))
        return TraceHeaders(task, parent_span)
    attempt = SpanRef(trace_id, step_span_id(event.task_id, event.fields["step_id"], event.fields["attempt_number"]))
    return TraceHeaders(attempt, task)
