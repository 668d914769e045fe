"""The status of a span, and the attributes that say how it ended and how sure the rest is."""

from typing import Any

from tasker_consumers.telemetry.core.context import SpanContext
from tasker_consumers.telemetry.core.event import FAILED, STATE_OF_RANK
from tasker_consumers.telemetry.spans.attributes import CLAMPED, DERIVED, ERROR_TYPE, SHIFTED, UNKNOWN_ERROR
from tasker_consumers.telemetry.spans.interval import Interval
from tasker_consumers.telemetry.spans.span import ERROR, OK, UNSET, Attributes


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
