"""Tasker's `EventPayloadBuilder`: the standard payload of an event as a plain dict.

For code that hands payloads around before it publishes them; `publish_event(name, payload)` takes these payloads.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from tasker_producer.helpers.defaults import with_defaults
from tasker_producer.helpers.entities import EntityReader
from tasker_producer.record.error_fields import failure_fields
from tasker_producer.record.misuse import Misuse, unreadable
from tasker_producer.record.moments import current_micros, iso_text, micros
from tasker_producer.settings import OnMisuse, default_on_misuse
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family, StepEvents, TaskEvents, event_type_of, family_of

_MOMENTS = ("started_at", "completed_at", "timestamp")
_FRAMES = 10

Payload = dict[str, Any]


class EventPayloadBuilder:
    """Builds payloads with Tasker's field names; moments are ISO 8601 in UTC.

    All methods raise UsageError in strict mode for a caller's mistake; in production they log the mistake and return
    the rest of the payload.

    >>> step = {"id": "step_456", "name": "fetch_cart", "attempts": 1, "retry_limit": 3, "task": {"id": "task_123"}}
    >>> payload = EventPayloadBuilder.build_step_payload(StepEvents.HANDLE, step)
    >>> [payload[key] for key in ("task_id", "step_id", "step_name", "attempt_number", "retry_limit", "event_type")]
    ['task_123', 'step_456', 'fetch_cart', 1, 3, 'started']
    """

    @staticmethod
    def build_step_payload(
        name: str, step: Any, task: Any = None, *, event_type: str | None = None, **fields: Any
    ) -> Payload:
        """Return the payload of an event about a step; `fields` may hold `additional_context` and `error` too."""
        misuse = _misuse()
        return _payload(name, lambda: EntityReader(misuse).step_fields(name, step, task), event_type, fields, misuse)

    @staticmethod
    def build_task_payload(name: str, task: Any, *, event_type: str | None = None, **fields: Any) -> Payload:
        """Return the payload of an event about a task; `fields` may hold `additional_context` and `error` too."""
        misuse = _misuse()
        return _payload(name, lambda: EntityReader(misuse).task_fields(name, task), event_type, fields, misuse)

    @staticmethod
    def build_error_payload(error: Any, step: Any = None, task: Any = None, **fields: Any) -> Payload:
        """Return the payload of a failed step, or of a failed task where no step is given."""
        if step is None:
            return EventPayloadBuilder.build_task_payload(TaskEvents.FAILED, task, error=error, **fields)
        return EventPayloadBuilder.build_step_payload(StepEvents.FAILED, step, task, error=error, **fields)

    @staticmethod
    def build_orchestration_payload(
        name: str, task: Any = None, *, event_type: str | None = None, **fields: Any
    ) -> Payload:
        """Return the payload of a workflow or observability event."""
        misuse = _misuse()
        return _payload(name, lambda: EntityReader(misuse).task_fields(name, task), event_type, fields, misuse)


def _misuse() -> Misuse:
    return _misuse_of_mode(default_on_misuse())


@cache
def _misuse_of_mode(mode: OnMisuse) -> Misuse:
    return Misuse(strict=mode is OnMisuse.RAISE)


def _iso_text(field: str, moment: Any) -> str:
    try:
        return iso_text(micros(moment))
    except ValueError as error:
        raise UsageError(f"{field}: {error}") from error


def _payload(name: str, read_entity: Any, event_type: Any, fields: Payload, misuse: Misuse) -> Payload:
    error, context = fields.pop("error", None), fields.pop("additional_context", None)
    payload: Payload = {"timestamp": current_micros()}
    try:
        payload.update(with_defaults(name, failure_fields(name, fields, error, read_entity(), _FRAMES)))
        payload["event_type"] = str(event_type or event_type_of(name))
        if family_of(name) is Family.STEP:
            payload.setdefault("attempt_number", 1)
        for key in _MOMENTS:
            if payload.get(key) is not None:
                payload[key] = _iso_text(key, payload[key])
        if isinstance(context, Mapping) and context:
            payload["additional_context"] = dict(context)
    except UsageError as mistake:
        misuse.report(mistake)
    except Exception as mistake:  # noqa: BLE001  the caller's objects run their own code here
        misuse.report(unreadable("payload", mistake))
    return payload
