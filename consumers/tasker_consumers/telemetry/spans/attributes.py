"""Attributes and status of spans: ours under their bare names, the caller's beside them.

A caller's attribute that bears a name of ours stands under the name of its service, `shop.status` for instance: it is
never lost, and no decision of ours is made from it.
"""

from collections.abc import Collection
from typing import Any

from tasker_consumers.telemetry.core.context import SpanContext
from tasker_consumers.telemetry.core.event import FAILED, STATE_OF_RANK
from tasker_consumers.telemetry.spans.span import ERROR, OK, UNSET, Attributes
from tasker_consumers.telemetry.spans.views.interval import Interval
from tasker_schemas.event_table import COUNTERS

DERIVED = "tasker.trace.derived"
CLAMPED = "tasker.time.clamped"
SHIFTED = "tasker.time.shifted_s"  # by how many seconds, because two clocks disagree
OUTSIDE = "tasker.time.outside_task"  # the span lies before the start or after the end of its task
ABANDONED = "tasker.abandoned"
PROVISIONAL = "tasker.provisional"
LATE = "tasker.late"
ERROR_TYPE = "error.type"
UNKNOWN_ERROR = "_OTHER"  # OpenTelemetry's word where no class of an error is known

_DEFAULT_SERVICE = "tasker"
_RESERVED = frozenset({
    *COUNTERS, "attempt_number", "completion_time", "correlation_id", "event_name", "execution_duration",
    "parent_task_id", "producer", "retry_limit", "service", "status", "step_id", "step_name", "task_id", "task_name",
    ERROR_TYPE, "service.name", "service.version", "service.framework",
})  # fmt: skip
_RESERVED_PREFIXES = ("tasker.", "exception.", "otel.")


def business_attributes(values: dict[str, Any], service: str, reserved_here: Collection[str] = ()) -> Attributes:
    """Return the caller's attributes, those with a name of ours under the name of the service.

    `reserved_here` are names that are ours on this span event only.

    >>> business_attributes({"status": "paid", "amount": 7}, "shop")
    {'shop.status': 'paid', 'amount': 7}
    """
    if not values:
        return {}
    found: Attributes = {}
    for name, value in values.items():
        ours = is_reserved(name) or name in reserved_here
        found[f"{service or _DEFAULT_SERVICE}.{name}" if ours else name] = value
    return found


def is_reserved(name: str) -> bool:
    """Return whether a name of an attribute is ours.

    >>> is_reserved("tasker.late"), is_reserved("amount")
    (True, False)
    """
    return name in _RESERVED or name.startswith(_RESERVED_PREFIXES)


def add_fields(attributes: Attributes, fields: dict[str, Any], names: tuple[str, ...]) -> None:
    """Add the named fields of events as far as they are known."""
    for name in names:
        if name in fields:
            attributes[name] = fields[name]


def status_of(rank: int, fields: dict[str, Any]) -> tuple[str, str]:
    """Return code and message of a span's status; cancelled says nothing about right or wrong."""
    if rank == FAILED:
        return ERROR, fields.get("error_message") or fields.get("error_class") or ""
    return (OK if rank > FAILED and STATE_OF_RANK[rank] != "cancelled" else UNSET), ""


def add_marks(
    attributes: Attributes, context: SpanContext, interval: Interval, rank: int, fields: dict[str, Any]
) -> None:
    """Add the duration, the state that the span's subject is in, and a mark for each repair."""
    if interval.measured:
        attributes["execution_duration"] = (interval.end - interval.start) / 1_000_000
    if rank >= 0:
        attributes["status"] = STATE_OF_RANK[rank]
    if rank == FAILED:
        attributes[ERROR_TYPE] = fields.get("error_class") or UNKNOWN_ERROR
    if context.derived:
        attributes[DERIVED] = True
    if interval.clamped:
        attributes[CLAMPED] = True
    if interval.shift:
        attributes[SHIFTED] = interval.shift / 1_000_000
