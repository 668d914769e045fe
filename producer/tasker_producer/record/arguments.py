"""The arguments of a publish call: options, fields, business context, and the parts of a payload."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tasker_producer.record.event_classes import fields_of_object
from tasker_producer.record.identifiers import plain_text
from tasker_producer.record.misuse import Misuse, unreadable
from tasker_producer.record.moments import Moment
from tasker_schemas.catalogue import fields_of
from tasker_schemas.errors import UsageError
from tasker_schemas.names import RESERVED_NAMES, Family, WorkflowEvents, family_of


@dataclass
class Options:
    """Arguments of a call that are no fields of the record; `trace` is in any form that `trace_of` reads.

    An event that `is_complete` inherits nothing from the block around the call.
    """

    event_type: Any = None
    timestamp: Moment | None = None
    event_id: Any = None
    trace: Any = None
    key: Any = None
    is_complete: bool = False


@dataclass
class Call:
    """A publish call taken apart: fields of the record, options, business context."""

    fields: dict[str, Any]
    options: Options
    context: Any = None


_CUSTOM_IDENTITY = ("task_id", "task_name", "correlation_id")
_PAYLOAD_OPTIONS = frozenset({"timestamp", "event_id", "additional_context"})
# The catalogue gives these no fields of their own.
_FREE_EVENTS = frozenset(
    {
        WorkflowEvents.VIABLE_STEPS_BATCH_READY,
        WorkflowEvents.ORCHESTRATION_REQUESTED,
        WorkflowEvents.STEP_EXECUTION_FAILED,
        WorkflowEvents.TASK_STATE_UNCLEAR,
    }
)
_RESERVED_FIRST_PARTS = frozenset(str(family) for family in Family)


def event_name(name: Any, misuse: Misuse) -> str:
    """Return an event's name as plain text; a reserved name is lower case, and any other case of its letters a mistake.

    Raises UsageError for a value that is no text and for an unknown reserved name.
    """
    if isinstance(name, Enum):
        name = name.value
    if not isinstance(name, str):
        raise UsageError(f"event_name is text such as 'step.completed', not {type(name).__name__}")
    text = plain_text(name)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"event_name: {error}") from error
    lower = text.lower()
    if text != lower and lower.partition(".")[0] in _RESERVED_FIRST_PARTS:
        mistake = UsageError(f"event_name {text!r}: names of the catalogue are lower case, such as 'step.completed'")
        if lower not in RESERVED_NAMES:
            raise mistake
        misuse.report(mistake)
        return lower
    return text


def combined_attributes(attributes: Any, context: Any, misuse: Misuse) -> Mapping[str, Any] | None:
    """Return attributes and business context as a single mapping; None without both.

    Either that is no mapping, or cannot be read, is reported and left out.
    """
    if attributes is None and type(context) is dict:
        return context
    parts = []
    for name, value in (("attributes", attributes), ("additional_context", context)):
        try:
            if value is not None:
                parts.append(dict(mapping(name, value)))
        except UsageError as error:
            misuse.report(error)
        except Exception as error:  # noqa: BLE001  the mapping's own code runs here
            misuse.report(unreadable(name, error))
    return {key: value for part in parts for key, value in part.items()} if parts else None


def mapping(name: str, value: Any) -> Mapping[Any, Any]:
    """Return a mapping, or the fields of a dataclass or pydantic model; else raise UsageError, naming the argument."""
    if isinstance(value, Mapping):
        return value
    fields = fields_of_object(value)
    if fields is None:
        raise UsageError(f"{name} is a mapping, a dataclass or a model of pydantic, not {type(value).__name__}")
    return fields


def read_payload(name: str, payload: Mapping[Any, Any]) -> Call:
    """Take a payload apart: a custom event has attributes, an event of the catalogue has its record's fields.

    Raises UsageError for an unknown reserved name, and for a payload that is no mapping.
    """
    payload = mapping("payload", payload)
    family = family_of(name)
    if family is Family.CUSTOM:
        identity = {field: payload[field] for field in _CUSTOM_IDENTITY if field in payload}
        return Call({**identity, "attributes": {k: v for k, v in payload.items() if k not in identity}}, Options())
    options = Options(timestamp=payload.get("timestamp"), event_id=payload.get("event_id"))
    fields = {key: value for key, value in payload.items() if key not in _PAYLOAD_OPTIONS}
    context = payload.get("additional_context")
    if name in _FREE_EVENTS:
        record_fields = fields_of(family)
        context = {**{k: v for k, v in fields.items() if k not in record_fields}, **(context or {})}
        fields = {key: value for key, value in fields.items() if key in record_fields}
    return Call(fields, options, context)
