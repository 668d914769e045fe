"""Custom events that a service describes once: their meaning and their attributes.

A custom event needs no registration. A registered event is checked: a payload that breaks its description is the
caller's mistake.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, NoneType, UnionType
from typing import Any, get_args

from tasker_producer.record.identifiers import is_boolean
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family, family_of

AttributeType = type | UnionType


@dataclass(frozen=True, slots=True)
class CustomEvent:
    """A registered event; an attribute whose type allows None may be left out."""

    name: str
    description: str = ""
    attributes: Mapping[str, AttributeType] = field(default_factory=lambda: MappingProxyType({}))


class CustomEvents:
    """The events that a service has registered.

    >>> events = CustomEvents()
    >>> events.register(CustomEvent("order.paid", "Money has arrived", {"amount": int | float, "note": str | None}))
    >>> events.check("order.paid", {"amount": "much"})
    Traceback (most recent call last):
    tasker_schemas.errors.UsageError: order.paid: amount is int | float, not str
    """

    def __init__(self) -> None:
        self._events: dict[str, CustomEvent] = {}

    def register(self, event: CustomEvent) -> None:
        """Check this event from now on.

        Raises UsageError for a name of the catalogue, and for an event registered before with another description.
        """
        if family_of(event.name) is not Family.CUSTOM:
            raise UsageError(f"{event.name} is an event of the catalogue: only events of your own are registered")
        if self._events.setdefault(event.name, event) != event:
            raise UsageError(f"{event.name} is registered already, with other attributes or another description")

    def all(self) -> tuple[CustomEvent, ...]:
        """Return the registered events by name."""
        return tuple(event for _, event in sorted(self._events.items()))

    def check(self, name: str, attributes: Any) -> None:
        """Raise UsageError, naming the attribute, if attributes break the description of a registered event."""
        event = self._events.get(name)
        if event is None:
            return
        payload = {} if attributes is None else attributes
        if not isinstance(payload, Mapping):
            raise UsageError(f"{name}: attributes is a mapping, not {type(payload).__name__}")
        for key, declared in event.attributes.items():
            value = payload.get(key)
            if value is None and NoneType not in get_args(declared):
                raise UsageError(f"{name}: {key} is missing")
            if value is not None and not _fits(value, declared):
                shown = declared.__name__ if isinstance(declared, type) else str(declared)
                raise UsageError(f"{name}: {key} is {shown}, not {type(value).__name__}")
        if unknown := sorted(str(key) for key in payload if key not in event.attributes):
            raise UsageError(f"{name} has no attribute {unknown[0]!r}; it has {', '.join(event.attributes)}")


def _fits(value: Any, declared: AttributeType) -> bool:
    types = get_args(declared) or (declared,)
    if is_boolean(value):  # which Python takes for a number
        return bool in types
    if float in types and isinstance(value, int):
        return True
    if isinstance(value, declared):
        return True
    return type(value).__module__ == "numpy" and _fits(value.tolist(), declared)
