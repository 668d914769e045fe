"""The rows of an event: which tables it has a row in, and the values."""

from typing import Any, NamedTuple

from tasker_consumers.errors.fingerprint import Fingerprint, fingerprint_of
from tasker_consumers.store.core.batch import Batch, Row
from tasker_consumers.store.core.event_keys import event_key
from tasker_consumers.store.core.fields import Headers, json_text, span_of, text
from tasker_schemas.event_table import EVENTS
from tasker_schemas.names import Family, State, StepEvents, TaskEvents

#: The events that an attempt begins and ends with, and the state they bring.
ATTEMPT_STATES = {
    spec.name: str(spec.state)
    for spec in EVENTS
    if spec.family is Family.STEP and (spec.outcome or spec.name in (StepEvents.HANDLE, StepEvents.RESOLVED_MANUALLY))
}
_UNKNOWN_ERROR = str(State.ERROR)


class Origin(NamedTuple):
    """The record of an event: the family of its topic, its headers and key, and where it is."""

    family: Family
    headers: Headers
    key: bytes
    position: tuple[str, int, int]


def add_event(batch: Batch, event: dict[str, Any], origin: Origin) -> None:
    """Add the rows of a checked event, as the decoder returns it, to a batch.

    An event of another family than task, step and custom has no row. Of records with the same event id the first holds,
    as it does among batches.
    """
    row_key = event_key(event["event_id"], event["timestamp"])
    if origin.family is Family.STEP:
        _add_step_event(batch, row_key, event, origin)
    elif origin.family is Family.TASK:
        # A task whose steps failed has no error of its own: theirs are stored with their attempts.
        if event["event_name"] == TaskEvents.FAILED and not event["error_steps"]:
            _add_failure(batch, row_key, event, origin)
        _add_payload(batch, row_key, event)
    elif origin.family is Family.CUSTOM:
        batch.custom_events.setdefault(row_key, _custom_row(row_key, event, origin))


def _add_step_event(batch: Batch, row_key: str, event: dict[str, Any], origin: Origin) -> None:
    name = event["event_name"]
    fingerprint = _add_failure(batch, row_key, event, origin) if name == StepEvents.FAILED else None
    state = ATTEMPT_STATES.get(name)
    if state is not None:
        row = (
            *_beginning(row_key, event),
            state,
            *_step(event),
            *_times(event),
            json_text(event["depends_on"]),
            text(event["error_class"]),
            fingerprint,
            *_trace(event, origin.headers),
        )
        batch.step_attempts.setdefault(row_key, row)
    _add_payload(batch, row_key, event)


def _add_failure(batch: Batch, row_key: str, event: dict[str, Any], origin: Origin) -> str:
    fingerprint = fingerprint_of(event)
    if fingerprint.id not in batch.error_groups:
        batch.error_groups[fingerprint.id] = group_row(fingerprint)
    row = (
        *_beginning(row_key, event),
        *_step(event),
        *_times(event),
        text(event["error_class"]),
        text(event["error_message"]),
        json_text(event["error_chain"]),
        json_text(event["error_notes"]),
        json_text(event["backtrace"]),
        fingerprint.id,
        json_text(event["attributes"]),
        *_trace(event, origin.headers),
        text(event["producer"]),
        *origin.position,
    )
    batch.failed_attempts.setdefault(row_key, row)
    return fingerprint.id


def group_row(fingerprint: Fingerprint) -> Row:
    """Return the row of `error_groups` for a fingerprint."""
    return (
        fingerprint.id,
        fingerprint.version,
        fingerprint.reason,
        text(fingerprint.title) or _UNKNOWN_ERROR,
        text(fingerprint.error_class),
        json_text(fingerprint.parts) or "[]",
    )


def _custom_row(row_key: str, event: dict[str, Any], origin: Origin) -> Row:
    return (
        *_beginning(row_key, event),
        text(event["task_id"]),
        text(event["task_name"]),
        text(origin.key.decode("utf-8", "backslashreplace")),
        json_text(event["attributes"]),
        *_trace(event, origin.headers),
        *origin.position,
    )


def _add_payload(batch: Batch, row_key: str, event: dict[str, Any]) -> None:
    parts = [text(event.get(name)) for name in ("step_inputs", "step_results", "context")]
    if any(parts):
        attempt = (text(event.get("step_id")), event.get("attempt_number"))
        batch.payloads.setdefault(row_key, (*_beginning(row_key, event), event["task_id"], *attempt, *parts))


def _beginning(row_key: str, event: dict[str, Any]) -> tuple[str, int, str | None]:
    return row_key, event["timestamp"], text(event["event_name"])


def _step(event: dict[str, Any]) -> tuple[Any, ...]:
    return (
        event["task_id"],
        text(event["task_name"]),
        text(event.get("step_id")),
        text(event.get("step_name")),
        event.get("attempt_number"),
        event.get("retry_limit"),
    )


def _times(event: dict[str, Any]) -> tuple[Any, ...]:
    return event["started_at"], event["completed_at"], event["execution_duration"]


def _trace(event: dict[str, Any], headers: Headers) -> tuple[Any, ...]:
    correlation = text(event["correlation_id"])
    return (*span_of(headers, event), correlation, text(event["service"]), text(event["service_version"]))
