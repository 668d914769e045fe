"""The facts of a span in order, and their fields together."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from tasker_consumers.telemetry.core.facts import Fact, Facts

TimelineEntry = Fact
"""One fact, at its place in the order of `ordered`."""


class Timeline(NamedTuple):
    """Facts in order; of a field that several facts tell, the later holds."""

    entries: list[TimelineEntry]
    fields: dict[str, Any]  # of a single fact, the fact's own: not to be changed
    business: dict[str, Any]  # the caller's own attributes


def timeline_of(*facts: Facts) -> Timeline:
    """Return the timeline of facts."""
    entries = ordered(*(group.values() for group in facts))
    fields: dict[str, Any] = {}
    business: dict[str, Any] = {}
    for fact in entries:
        fields = {**fields, **fact.fields} if fields else fact.fields  # grown at once, not bit by bit
        if "attributes" in fact.fields:
            business.update(fact.fields["attributes"])
    if None in business.values():
        business = {name: value for name, value in business.items() if value is not None}
    return Timeline(entries, fields, business)


def ordered(*facts: Iterable[Fact]) -> list[TimelineEntry]:
    """Return facts by time; where times are equal, in their natural order, and then by event id."""
    entries = [fact for group in facts for fact in group]
    if len(entries) > 1:
        entries.sort(key=_position)
    return entries


def _position(fact: Fact) -> tuple[int, int, str]:
    return fact.timestamp, fact.order, fact.event_id
