"""The facts of one span put in order, and what they say together."""

from operator import itemgetter
from typing import Any, NamedTuple

from tasker_consumers.telemetry.core.state import Fact, Facts
from tasker_consumers.telemetry.spans.span import Attributes
from tasker_schemas.catalogue import order_of

Told = tuple[int, int, str, Fact]
"""A fact in the order of things: time, natural place among those of the same time, event id, fact."""


class Story(NamedTuple):
    """Facts in the order of `in_order`; of what was told twice, the later holds."""

    told: list[Told]
    fields: dict[str, Any]  # of one fact, the fact itself: not to be changed
    business: Attributes  # the caller's own attributes

    def attributes(self, *names: str) -> Attributes:
        """Return the business attributes, and the named fields as far as they are known."""
        fields = self.fields
        return self.business | {name: fields[name] for name in names if name in fields}


def story_of(*facts: Facts) -> Story:
    """Return the story that facts tell together."""
    told = in_order(*facts)
    fields: dict[str, Any] = {}
    business: Attributes = {}
    for _, _, _, fact in told:
        fields = {**fields, **fact} if fields else fact  # grown at once, not bit by bit
        if "attributes" in fact:
            business.update(fact["attributes"])
    if None in business.values():
        business = {name: value for name, value in business.items() if value is not None}
    return Story(told, fields, business)


def in_order(*facts: Facts) -> list[Told]:
    """Return facts by time; where times are equal, in their natural order, and then by event id."""
    told = [
        (fact["timestamp"], order_of(fact["event_name"]), event_id, fact)
        for some in facts
        for event_id, fact in some.items()
    ]
    told.sort(key=_place)
    return told


_place = itemgetter(0, 1, 2)
