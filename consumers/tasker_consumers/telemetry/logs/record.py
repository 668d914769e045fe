"""A log record as a plain value, ready for any exporter."""

from dataclasses import dataclass
from typing import Any

from tasker_consumers.telemetry.spans.span import Attributes

#: Severities, by OpenTelemetry's numbers.
INFO, ERROR = 9, 17


@dataclass(order=True)
class LogRecord:
    """An event as OpenTelemetry's log data model has it; times in nanoseconds since the epoch, UTC.

    Ids are lower-case hex digits; they are empty for an event that belongs to no trace.
    """

    trace_id: str
    span_id: str
    time: int
    observed: int  # when this worker read the event
    severity: int
    event_name: str
    body: str  # a line for people
    attributes: Attributes
    service: str  # service.name of its resource; empty for the default
    version: str  # service.version of its resource; empty when no event tells it
    flags: int
    dropped_attributes: int = 0


def record_to_json(record: LogRecord) -> dict[str, Any]:
    """Return a log record as values of JSON, as dead letters and the JSON-lines file show it."""
    return {
        "trace_id": record.trace_id,
        "span_id": record.span_id,
        "time_unix_nano": record.time,
        "observed_time_unix_nano": record.observed,
        "severity_number": record.severity,
        "event_name": record.event_name,
        "body": record.body,
        "service": {"name": record.service, "version": record.version},
        "attributes": record.attributes,
    }
