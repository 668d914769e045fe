"""The headers of a record: CloudEvents' attributes, the time, and the place in a trace."""

from collections.abc import Set as AbstractSet

from tasker_producer.record.building.occurrence import Occurrence, Subject
from tasker_producer.record.building.templates import Template
from tasker_producer.trace.baggage_keys import with_allowed_baggage
from tasker_producer.trace.context import wire_trace
from tasker_schemas.headers import CE_ID, CE_SUBJECT, CE_TIME, Header, TraceHeaders, rfc3339


def event_headers(
    template: Template,
    occurrence: Occurrence,
    subject: Subject,
    trace: TraceHeaders,
    baggage_keys: AbstractSet[str] = frozenset(),
) -> list[Header]:
    """Return the headers of an event; only an event of a task has a `ce_subject`, and of baggage the allowed keys."""
    headers = template.headers.copy()
    headers.append((CE_ID, occurrence.event_id.encode()))
    time = rfc3339(occurrence.timestamp)
    if time is not None:
        headers.append((CE_TIME, time.encode()))
    task_id, step_id = subject.task_id, subject.step_id
    if task_id is not None:
        headers.append((CE_SUBJECT, (task_id if step_id is None else f"{task_id}/{step_id}").encode()))
    headers += wire_trace(with_allowed_baggage(trace, baggage_keys) if trace.baggage else trace)
    return headers
