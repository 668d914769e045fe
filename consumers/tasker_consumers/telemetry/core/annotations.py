"""Bounds the annotations kept per span: the first and the last of them, in number and in bytes.

A task can be open for days and be annotated every second, or with texts of a megabyte. Events that tell a state always
stay. The annotations that stay do not depend on the order of arrival: a dropped annotation leaves the two ends of the
gap, and later arrivals inside of the gap are dropped too.
"""

from typing import Any

from tasker_consumers.telemetry.core.facts import NO_STATE, Fact, make_fact
from tasker_consumers.telemetry.core.head import Annotated, Position

KEPT = 128  # annotations at each end of time; OpenTelemetry shows no more than that in a span
KEPT_BYTES = 131_072  # at each end of time
MAX_FACT_BYTES = 65_536
_TRIM_AT = 3 * KEPT  # to trim at each arrival would cost a sort for each event
_SHORTEST = 256  # characters of a text that is cut


def add_annotation(annotated: Annotated, fact: Fact) -> None:
    """Add an annotation that is not there yet, and trim when there are far too many."""
    if annotated.gap.holds(fact):
        annotated.gap.dropped += 1
        return
    annotated.facts[fact.event_id] = fact
    annotated.size += fact.size
    if len(annotated.facts) > _TRIM_AT or annotated.size > 2 * KEPT_BYTES:
        trim_annotations(annotated)


def trim_annotations(annotated: Annotated) -> None:
    """Drop annotations from the middle when there are more than stay."""
    if len(annotated.facts) <= 2 * KEPT and annotated.size <= 2 * KEPT_BYTES and annotated.gap.first is None:
        return
    facts = [fact for fact in annotated.facts.values() if fact.rank == NO_STATE]
    facts.sort(key=_position)
    if len(facts) <= 2 * KEPT and sum([fact.size for fact in facts]) <= 2 * KEPT_BYTES and annotated.gap.first is None:
        return
    first, last = annotated.gap.first, annotated.gap.last
    early = [fact for fact in facts if first is None or _position(fact) < first]
    late = [fact for fact in reversed(facts) if last is None or _position(fact) > last]
    staying = {fact.event_id for fact in [*_within(early), *_within(late)]}
    for fact in facts:
        if fact.event_id not in staying:
            _drop(annotated, fact)


def cut_fact(fact: Fact) -> Fact:
    """Return a fact whose texts are cut until it is short enough, the longest first."""
    fields = _cut(fact.fields)
    return make_fact(fact.event_id, fields, fact.carried)


def _within(facts: list[Fact]) -> list[Fact]:
    size = 0
    for number, fact in enumerate(facts):
        size += fact.size
        if number == KEPT or size > KEPT_BYTES:
            return facts[:number]
    return facts


def _drop(annotated: Annotated, fact: Fact) -> None:
    del annotated.facts[fact.event_id]
    annotated.size -= fact.size
    gap, position = annotated.gap, _position(fact)
    gap.dropped += 1
    gap.first = position if gap.first is None else min(gap.first, position)
    gap.last = position if gap.last is None else max(gap.last, position)


def _position(fact: Fact) -> Position:
    return fact.timestamp, fact.event_id


def _cut(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields whose texts have at most an equal share of the bytes that a fact may have."""
    attributes: dict[str, Any] = fields.get("attributes") or {}
    backtrace: list[str] = fields.get("backtrace") or []
    share = max(_SHORTEST, MAX_FACT_BYTES // 4 // max(1, len(attributes) + len(backtrace) + len(fields)))
    cut = {name: _shortened(value, share) for name, value in fields.items()}
    if attributes:
        staying = list(attributes.items())[: MAX_FACT_BYTES // 4 // _SHORTEST]
        cut["attributes"] = {name[:_SHORTEST]: _shortened(value, share) for name, value in staying}
    return cut


def _shortened(value: Any, share: int) -> Any:
    if isinstance(value, str):
        return value[:share]
    if isinstance(value, list):
        return [_shortened(item, share) for item in value[: MAX_FACT_BYTES // 4 // _SHORTEST]]
    return value
