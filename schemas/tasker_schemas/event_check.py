"""Checks the values of an event beyond its schema: a rule for each field, for the producer and for every reader.

An event that passes fits everything that is made of it: OTLP's nanoseconds end in 2554, a record of statistics holds
the ids of many steps, and sums are made of numbers that mean something. The rules follow from `RULES`, by a field's
name, and from the newest schema, which says for each field whether it is required (docs/decisions/0018).
"""

from collections.abc import Mapping
from typing import Any

from tasker_schemas.avro.projection import Limits, Projection
from tasker_schemas.avro.versions import RECORD_OF_FAMILY, latest
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tasker_schemas.field_rules import END_OF_TIME, EXPECTED, MAX_INT, MAX_NAME_BYTES, RANGES, RULES, Rule
from tasker_schemas.names import Family

_MAX_SHOWN = 60
# Characters that never have more than MAX_NAME_BYTES, so that most texts need not be encoded.
_SURELY_SHORT = MAX_NAME_BYTES // 4


class FamilyRules:
    """The rules of a family's fields, in tuples that are quick to walk through."""

    def __init__(self, family: Family) -> None:
        fields = latest(RECORD_OF_FAMILY[family]).declared["fields"]
        rules = {field["name"]: _rule_of(field) for field in fields}
        self.prefix = f"{family}."
        self.is_custom = family is Family.CUSTOM
        self.required = tuple(f["name"] for f in fields if "default" not in f and rules[f["name"]] is not Rule.ANY)
        self.ranges = tuple((*RANGES[rule], rule, _names_with(rule, rules)) for rule in RANGES)
        self.names = (*_names_with(Rule.ID, rules), *_names_with(Rule.NAME, rules))
        self.name_lists = _names_with(Rule.NAMES, rules)
        self.link_lists = _names_with(Rule.LINKS, rules)


def projection_on(fields: frozenset[str], family: Family) -> Projection:
    """Return what reads these fields of a family's events: with `fits` its limits imply `check_record`."""
    rules = FamilyRules(family)
    limits = {field["name"]: Limits() for field in latest(RECORD_OF_FAMILY[family]).declared["fields"]}
    for lowest, highest, _, names in rules.ranges:
        limits |= {name: Limits(lowest, highest) for name in names}
    for name in (*rules.names, *rules.name_lists, *rules.link_lists):
        limits[name] = Limits(most_bytes=MAX_NAME_BYTES)
    return Projection(fields, limits | {name: limits[name]._replace(required=True) for name in rules.required})


def fits(event: dict[str, Any], key: bytes | None, family: str) -> bool:
    """Return whether an event keeps the rules that concern several of its values, and lies under its key.

    `check_record` passes it then, if a projection (`projection_on`) has read it whose fields are among others its ids,
    its times and its duration.
    """
    return not (
        key is None
        or _problem_with_task_id(event.get("task_id"))
        or _problem_with_duration(event)
        or _misplaced(_rules(family), event, key)
    )


def _rule_of(field: Mapping[str, Any]) -> Rule:
    rule = RULES[field["name"]]
    # An attempt that may be null is counted by a job queue, as the queue likes.
    return Rule.COUNT if rule is Rule.ATTEMPT and field["type"] != "int" else rule


def _names_with(rule: Rule, rules: Mapping[str, Rule]) -> tuple[str, ...]:
    return tuple(name for name in rules if rules[name] is rule)


def problem_of(event: Mapping[str, Any]) -> str | None:
    """Return a sentence that names the first field whose value breaks its rule, and the value; None for a right event.

    `event` is a record of any family, by field name, with timestamps in microseconds; fields may be missing where the
    schema has a default. Its family follows from `event_name`.

    >>> problem_of({"event_id": "e", "event_name": "task.completed", "timestamp": -1, "task_id": "42"})
    'timestamp is -1; expected microseconds from 0 (1970) to 18446744073709550 (2554-07-21).'
    """
    family = str(event.get("event_name", "")).partition(".")[0]
    return _problem(_rules(family), event if type(event) is dict else dict(event))


def check_record(event: dict[str, Any], key: bytes | None, family: str) -> None:
    """Raise PoisonRecord for an event that breaks a rule, or that lies under another key or on another family's topic.

    `key` is that of its record, `family` the family of the topic, which is the first part of the names of its events.
    """
    rules = _rules(family)
    if key is None:
        raise PoisonRecord(PoisonReason.NULL_KEY, "an event without a key belongs to no partition")
    problem = _problem(rules, event) or _misplaced(rules, event, key)
    if problem is not None:
        raise PoisonRecord(PoisonReason.INVALID_EVENT, problem)


def _problem(rules: FamilyRules, event: dict[str, Any]) -> str | None:
    for name in rules.required:
        value = event.get(name)
        if not value and value != 0:
            return f"{name} is missing or empty; expected {EXPECTED[RULES[name]]}."
    for lowest, highest, rule, names in rules.ranges:
        for name in names:
            value = event.get(name)
            if value is not None and not lowest <= value <= highest:  # true for a float that is no number, too
                return _sentence(name, value, rule)
    return (
        _problem_with_texts(rules, event)
        or _problem_with_links(event.get("error_chain"))
        or _problem_with_task_id(event.get("task_id"))
        or _problem_with_duration(event)
    )


def _problem_with_texts(rules: FamilyRules, event: dict[str, Any]) -> str | None:
    for name in rules.names:
        value = event.get(name)
        if value is not None and _is_long(value):
            return _sentence(name, value, RULES[name])
    for name in rules.name_lists:
        for text in event.get(name) or ():
            if _is_long(text):
                return _sentence(name, text, Rule.NAMES)
    return None


def _problem_with_links(links: list[dict[str, Any]] | None) -> str | None:
    for link in links or ():
        for name in _LINK_NAMES:
            if _is_long(link[name]):
                return _sentence(f"error_chain.{name}", link[name], Rule.NAME)
        if not 0 <= link["depth"] <= MAX_INT:
            return _sentence("error_chain.depth", link["depth"], Rule.COUNT)
    return None


_LINK_NAMES = ("relation", "error_class")


def _problem_with_task_id(task_id: str | None) -> str | None:
    if task_id is not None and "\0" in task_id:  # it would end the key of a state
        return f"task_id is {_shown(task_id)}; expected an id without NUL characters."
    return None


def _problem_with_duration(event: dict[str, Any]) -> str | None:
    """Return a sentence about an attempt whose duration leads out of the time that an event may have."""
    duration = event.get("execution_duration")
    if duration is None:
        return None
    started_at = event.get("started_at")
    if started_at is not None:
        if started_at + duration * 1_000_000 < END_OF_TIME:
            return None
        return f"execution_duration is {duration!r}; expected an end before 2554-07-21, as started_at is {started_at}."
    completed_at = event.get("completed_at")
    end = event["timestamp"] if completed_at is None else completed_at
    if end - duration * 1_000_000 >= 0:
        return None
    return f"execution_duration is {duration!r}; expected a start after 1970, as the end is {end}."


def _misplaced(rules: FamilyRules, event: dict[str, Any], key: bytes) -> str | None:
    name, task_id = event.get("event_name", ""), event.get("task_id")
    if not name.startswith(rules.prefix) and not rules.is_custom:
        return f"event_name is {_shown(name)}; expected a name that starts with {rules.prefix}, as on this topic."
    if rules.is_custom and name.partition(".")[0] in _RESERVED:
        return f"event_name is {_shown(name)}; expected a name of no family, as on the topic of custom events."
    if task_id and task_id.encode() != key:
        return f"task_id is {_shown(task_id)}; expected the record's key, which is {_shown(key)}."
    return None


def _is_long(value: str) -> bool:
    return len(value) > _SURELY_SHORT and len(value.encode(errors="surrogatepass")) > MAX_NAME_BYTES


_RESERVED = frozenset(str(family) for family in Family if family is not Family.CUSTOM)
_FAMILIES = {str(family): family for family in Family}


_rules_by_family: dict[str, FamilyRules] = {}


def _rules(family: str) -> FamilyRules:
    rules = _rules_by_family.get(family)
    if rules is None:
        of_family = _FAMILIES.get(family, Family.CUSTOM)
        rules = _rules_by_family.setdefault(str(of_family), FamilyRules(of_family))
    return rules


def _sentence(name: str, value: Any, rule: Rule) -> str:
    return f"{name} is {_shown(value)}; expected {EXPECTED[rule]}."


def _shown(value: Any) -> str:
    text = repr(value[: _MAX_SHOWN + 1] if isinstance(value, str | bytes) else value)
    if len(text) > _MAX_SHOWN:
        text = f"{text[:_MAX_SHOWN]}…"
    return f"{text} ({len(value)} long)" if isinstance(value, str | bytes) and len(value) > _MAX_SHOWN else text
