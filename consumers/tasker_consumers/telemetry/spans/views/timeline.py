"""The facts of a span in order, and their fields together."""

from dataclasses import dataclass
from typing import Any

from tasker_consumers.telemetry.core.facts import Fact, Facts


@dataclass
class Timeline:
    """Facts in order; of a field that several facts tell, the later holds."""

    entries: list[Fact]
    fields: dict[str, Any]  # of a single fact, the fact's own: not to be changed
    business: dict[str, Any]  # the caller's own attributes


def timeline_of(facts: Facts) -> Timeline:
    """Return the timeline of facts."""
    entries = ordered([*facts.values()])
    business: dict[str, Any] = {}
    for fact in entries:
        if "attributes" in fact.fields:
            business.update(fact.fields["attributes"])
    if None in business.values():
        business = {name: value for name, value in business.items() if value is not None}
    return Timeline(entries, _together(entries), business)


def _together(entries: list[Fact]) -> dict[str, Any]:
    """Return the fields of facts: those of the latest, and of earlier facts the fields that the later do not tell."""
    if not entries:
        return {}
    latest = entries[-1]
    if len(entries) == 1:
        return latest.fields
    fields = latest.fields.copy()  # the latest tells the most, and a dict that grows is slower
    for fact in entries[-2::-1]:
        for name, value in fact.fields.items():
            if name not in fields:
                fields[name] = value
    return fields


def ordered(entries: list[Fact]) -> list[Fact]:
    """Bring facts into the order of time; where times are equal, into their natural order, and then by event id."""
    earlier = None
    for fact in entries:
        if earlier is not None and fact.timestamp <= earlier.timestamp:  # most come in their order
            entries.sort(key=_position)
            break
        earlier = fact
    return entries


def _position(fact: Fact) -> tuple[int, int, str]:
    return fact.timestamp, fact.order, fact.event_id
