"""What a caller may say in one publish call, and how a payload is taken apart."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from tasker_schemas.catalogue import fields_of
from tasker_schemas.errors import UsageError
from tasker_schemas.headers import TraceHeaders
from tasker_schemas.names import Family, WorkflowEvents, family_of

Moment = datetime | int | str


class Options(NamedTuple):
    """What a caller may say about an event beside its fields."""

    event_type: str | None = None
    timestamp: Moment | None = None
    event_id: str | None = None
    trace: TraceHeaders | None = None
    key: str | None = None


class Payload(NamedTuple):
    """A caller's payload taken apart: fields of the record, options of the call, business context."""

    fields: dict[str, Any]
    options: Options
    context: Mapping[str, Any] | None

    @property
    def attributes(self) -> Any:
        """The attributes of an event of one's own, if there are any."""
        return self.fields.get("attributes")


_CUSTOM_IDENTITY = ("task_id", "task_name", "correlation_id")
_IN_PAYLOAD = frozenset({"timestamp", "event_id", "additional_context"})
# The catalogue gives these no fields of their own.
_FREE = frozenset(
    {
        WorkflowEvents.VIABLE_STEPS_BATCH_READY,
        WorkflowEvents.ORCHESTRATION_REQUESTED,
        WorkflowEvents.STEP_EXECUTION_FAILED,
        WorkflowEvents.TASK_STATE_UNCLEAR,
    }
)


def check_name(name: Any) -> str:
    """Return an event's name; raise UsageError for what is no text."""
    if not isinstance(name, str):
        raise UsageError(f"event_name is text such as 'step.completed', not {type(name).__name__}")
    return str(name)


def unreadable(what: str, error: Exception) -> UsageError:
    """Return what to raise when a given object's own code fails: its message may hold what nobody should see."""
    return UsageError(f"{what}: it cannot be read, its own code raised {type(error).__name__}")


def joined(attributes: Any, context: Any) -> Mapping[str, Any]:
    """Return attributes and business context as one; raise UsageError for what is no mapping, or cannot be read."""
    try:
        more = _mapping("additional_context", context)
        return more if attributes is None else {**_mapping("attributes", attributes), **more}
    except UsageError:
        raise
    except Exception as error:
        raise unreadable("additional_context", error) from error


def merge(payload: Payload, beside: Payload) -> Payload:
    """Return a payload with what was given beside it, which comes first."""
    given = {option: value for option, value in beside.options._asdict().items() if value is not None}
    context = joined(payload.context, beside.context)
    return Payload({**payload.fields, **beside.fields}, payload.options._replace(**given), context or None)


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UsageError(f"{name} is a mapping, not {type(value).__name__}")
    return value


def read_payload(name: str, payload: Mapping[str, Any]) -> Payload:
    """Take a payload apart: one's own event has attributes, one of the catalogue has its record's fields.

    Raises UsageError for an unknown reserved name, and for a payload that is no mapping.
    """
    payload = _mapping("payload", payload)
    family = family_of(name)
    if family is Family.CUSTOM:
        own = {field: payload[field] for field in _CUSTOM_IDENTITY if field in payload}
        return Payload({**own, "attributes": {k: v for k, v in payload.items() if k not in own}}, Options(), None)
    options = Options(timestamp=payload.get("timestamp"), event_id=payload.get("event_id"))
    rest = {key: value for key, value in payload.items() if key not in _IN_PAYLOAD}
    context = payload.get("additional_context")
    if name in _FREE:
        known = fields_of(family)
        context = {**{k: v for k, v in rest.items() if k not in known}, **_mapping("additional_context", context)}
        rest = {key: value for key, value in rest.items() if key in known}
    return Payload(rest, options, context)
