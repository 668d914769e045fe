"""Tasker's `EventPayloadBuilder`: the standard payload of an event as a plain dict.

For code that hands payloads around before it publishes them; `publish_event(name, payload)` takes what is built here.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tasker_producer.helpers.entities import step_fields, task_fields
from tasker_producer.record.error_fields import error_fields
from tasker_producer.record.fields import micros, now
from tasker_schemas.names import Family, StepEvents, TaskEvents, event_type_of, family_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENTS = ("started_at", "completed_at", "timestamp")
_FRAMES = 10


class EventPayloadBuilder:
    """Builds payloads with Tasker's field names; moments are ISO 8601 in UTC.

    >>> step = {"id": "step_456", "name": "fetch_cart", "attempts": 1, "retry_limit": 3, "task": {"id": "task_123"}}
    >>> payload = EventPayloadBuilder.build_step_payload(StepEvents.HANDLE, step)
    >>> [payload[key] for key in ("task_id", "step_id", "step_name", "attempt_number", "retry_limit", "event_type")]
    ['task_123', 'step_456', 'fetch_cart', 1, 3, 'started']
    """

    @staticmethod
    def build_step_payload(
        name: str, step: Any, task: Any = None, *, event_type: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """Return the payload of an event about a step; `more` may hold `additional_context`, `error` and fields.

        Raises UsageError for a step that cannot be read.
        """
        return _payload(name, step_fields(name, step, task), event_type, more)

    @staticmethod
    def build_task_payload(name: str, task: Any, *, event_type: str | None = None, **more: Any) -> dict[str, Any]:
        """Return the payload of an event about a task; `more` as for a step.

        Raises UsageError for a task that cannot be read.
        """
        return _payload(name, task_fields(name, task), event_type, more)

    @staticmethod
    def build_error_payload(error: BaseException, step: Any = None, task: Any = None, **more: Any) -> dict[str, Any]:
        """Return the payload of a failed step, or of a failed task where no step is given."""
        if step is None:
            return EventPayloadBuilder.build_task_payload(TaskEvents.FAILED, task, error=error, **more)
        return EventPayloadBuilder.build_step_payload(StepEvents.FAILED, step, task, error=error, **more)

    @staticmethod
    def build_orchestration_payload(
        name: str, task: Any = None, *, event_type: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """Return the payload of a workflow or observability event."""
        return _payload(name, task_fields(name, task), event_type, more)


def _payload(name: str, found: dict[str, Any], event_type: str | None, more: dict[str, Any]) -> dict[str, Any]:
    error = more.pop("error", None)
    context: Mapping[str, Any] = more.pop("additional_context", None) or {}
    described = {} if error is None else error_fields(error, _FRAMES)
    payload = {"timestamp": now(), **found, **described, **more}
    payload["event_type"] = str(event_type or event_type_of(name))
    if family_of(name) is Family.STEP:
        payload.setdefault("attempt_number", 1)
    for key in _MOMENTS:
        if payload.get(key) is not None:
            payload[key] = (_EPOCH + timedelta(microseconds=micros(payload[key]))).isoformat()
    return {**payload, "additional_context": dict(context)} if context else payload
