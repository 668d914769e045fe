"""The one check of an event: each field of each family at both ends, as values and in the records of both groups."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.processor import build_stats_processor
from tasker_consumers.telemetry.core.event import read_event
from tasker_schemas.avro.codec import encode
from tasker_schemas.avro.versions import RECORD_OF_FAMILY, latest
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tasker_schemas.event_check import FamilyRules, problem_of
from tasker_schemas.field_rules import END_OF_TIME, MAX_NAME_BYTES, RANGES, RULES, Rule
from tasker_schemas.names import Family
from tests.support.engine.values import StoredRecord

T0 = 1_700_000_000_000_000
GOOD_NAMES = {
    Family.TASK: "task.completed",
    Family.STEP: "step.completed",
    Family.WORKFLOW: "workflow.no_viable_steps",
    Family.OBSERVABILITY: "observability.task.enqueue",
    Family.CUSTOM: "order.paid",
}
LONGEST = "n" * MAX_NAME_BYTES
LINK = {"relation": "cause", "error_class": "KeyError", "error_message": "", "backtrace": [], "depth": 1}
ENDS: dict[Rule, tuple[list[Any], list[Any]]] = {
    Rule.TIME: ([0, END_OF_TIME - 1], [-1, END_OF_TIME, -(2**63), 2**63 - 1]),
    Rule.SECONDS: ([0.0, RANGES[Rule.SECONDS][1]], [-0.001, math.nan, math.inf, -math.inf, END_OF_TIME / 1e6]),
    Rule.COUNT: ([0, 2**31 - 1], [-1]),
    Rule.ATTEMPT: ([1, 2**31 - 1], [0, -1]),
    Rule.ID: ([LONGEST, "é" * 500], [LONGEST + "n", "é" * 501, "s" * 400_000]),
    Rule.NAME: (["", LONGEST, "é" * 500], [LONGEST + "n", "é" * 501, "s" * 400_000]),
    Rule.NAMES: ([[], ["", LONGEST]], [["a", LONGEST + "n"]]),
    Rule.LINKS: (
        [[], [{**LINK, "error_class": LONGEST}], [{**LINK, "depth": 2**31 - 1}]],
        [[{**LINK, "error_class": LONGEST + "n"}], [LINK, {**LINK, "relation": "s" * 9_000}], [{**LINK, "depth": -1}]],
    ),
    Rule.ANY: ([], []),
}


def good_event(family: Family) -> dict[str, Any]:
    event = {"event_id": "e", "event_name": GOOD_NAMES[family], "timestamp": T0, "task_id": "42"}
    return {**event, "step_id": "s", "attempt_number": 1} if family is Family.STEP else event


def fields_with_ends() -> Iterator[tuple[Family, str, Any, bool]]:
    """Yield each field of each family with the values at both sides of each end, and whether they are right."""
    for family in Family:
        for field in latest(RECORD_OF_FAMILY[family]).declared["fields"]:
            name = field["name"]
            rule = RULES[name]
            if rule is Rule.ATTEMPT and field["type"] != "int":
                rule = Rule.COUNT  # a job queue counts as it likes
            good, bad = ENDS[rule]
            if name == "event_name":  # its family has to stay
                good, bad = [], [f"{family}.{text}" for text in bad]
            yield from ((family, name, value, True) for value in good)
            yield from ((family, name, value, False) for value in bad)


def all_cases() -> list[Any]:
    return [
        pytest.param(*case, id=f"{case[0]}-{case[1]}-{str(case[2])[:25]}-{'good' if case[3] else 'bad'}")
        for case in fields_with_ends()
    ]


def changed(family: Family, name: str, value: Any) -> dict[str, Any]:
    event = {**good_event(family), name: value}
    if name == "execution_duration":
        event["started_at"] = 0
    return event


def test_every_field_of_every_event_has_a_rule() -> None:
    names = {field["name"] for record in RECORD_OF_FAMILY.values() for field in latest(record).declared["fields"]}
    assert names == set(RULES)


@pytest.mark.parametrize("family", Family)
def test_an_event_with_its_required_fields_only_is_right(family: Family) -> None:
    assert problem_of(good_event(family)) is None


@pytest.mark.parametrize(("family", "name", "value", "is_good"), all_cases())
def test_a_value_beyond_an_end_is_refused_with_field_and_value(
    family: Family, name: str, value: Any, is_good: bool
) -> None:
    problem = problem_of(changed(family, name, value))
    if is_good:
        assert problem is None
    else:
        assert problem is not None
        assert problem.startswith((f"{name} is ", f"{name}."))
        assert len(problem) < 250


class Groups:
    """Both groups' ways from a record to an event."""

    def __init__(self) -> None:
        self._stats = build_stats_processor()

    def refusals(self, family: Family, event: dict[str, Any], key: bytes | None) -> list[str | None]:
        """Return what each group says about the event's record: None where it is folded."""
        value = encode(RECORD_OF_FAMILY[family], event)
        record = StoredRecord(key, value, topic=f"tasker.events.{family}")
        readers = [read_event] if family is Family.CUSTOM else [read_event, self._stats.decode]
        return [refusal_of(read, record) for read in readers]


def refusal_of(read: Any, record: StoredRecord) -> str | None:
    try:
        read(record)
    except PoisonRecord as poison:
        return f"{poison.reason}: {poison.detail}"
    return None


GROUPS = Groups()


@pytest.mark.parametrize(("family", "name", "value", "is_good"), all_cases())
def test_both_groups_fold_and_refuse_the_same_values(family: Family, name: str, value: Any, is_good: bool) -> None:
    event = changed(family, name, value)
    refusals = GROUPS.refusals(family, event, event["task_id"].encode())
    assert len(set(refusals)) == 1
    assert (refusals[0] is None) == is_good
    if not is_good:
        assert refusals[0] == f"{PoisonReason.INVALID_EVENT}: {problem_of(event)}"


@pytest.mark.parametrize("family", [family for family in Family if family is not Family.CUSTOM])
@pytest.mark.parametrize(
    ("change", "key", "reason", "field"),
    [
        ({}, None, "null_key", "without a key"),
        ({}, b"43", "invalid_event", "task_id is '42'"),
        ({"task_id": "a\0b"}, b"a\0b", "invalid_event", "task_id is 'a\\x00b'"),
        ({"task_id": ""}, b"", "invalid_event", "task_id is missing or empty"),
        ({"event_id": ""}, b"42", "invalid_event", "event_id is missing or empty"),
        ({"event_name": "order.paid"}, b"42", "invalid_event", "event_name is 'order.paid'"),
        ({"event_name": ""}, b"42", "invalid_event", "event_name is missing or empty"),
    ],
)
def test_both_groups_refuse_an_event_in_the_wrong_place(
    family: Family, change: dict[str, Any], key: bytes | None, reason: str, field: str
) -> None:
    refusals = GROUPS.refusals(family, {**good_event(family), **change}, key)
    assert len(set(refusals)) == 1
    assert str(refusals[0]).startswith(reason)
    assert field in str(refusals[0])


def test_a_step_event_without_a_step_is_refused() -> None:
    refusals = GROUPS.refusals(Family.STEP, {**good_event(Family.STEP), "step_id": ""}, b"42")
    assert refusals == ["invalid_event: step_id is missing or empty; expected 1 to 1000 bytes of text."] * 2


def test_a_custom_event_needs_no_task_and_no_name_of_a_family() -> None:
    event = {"event_id": "e", "event_name": "order.paid", "timestamp": T0, "task_id": None}
    assert GROUPS.refusals(Family.CUSTOM, event, b"any key") == [None]
    refusal = GROUPS.refusals(Family.CUSTOM, {**event, "event_name": "task.completed"}, b"any key")[0]
    assert str(refusal).startswith("invalid_event: event_name is 'task.completed'; expected a name of no family")


@pytest.mark.parametrize(
    ("times", "field"),
    [
        ({"started_at": END_OF_TIME - 2_000_000, "execution_duration": 1.5}, None),
        ({"started_at": END_OF_TIME - 2_000_000, "execution_duration": 2.0}, "execution_duration"),
        ({"completed_at": 2_000_000, "execution_duration": 2.0}, None),
        ({"completed_at": 2_000_000, "execution_duration": 2.5}, "execution_duration"),
        ({"timestamp": 1_000_000, "execution_duration": 1.5}, "execution_duration"),
    ],
)
def test_a_duration_stays_within_the_time_that_an_event_may_have(times: dict[str, Any], field: str | None) -> None:
    problem = problem_of({**good_event(Family.STEP), **times})
    assert (problem or "None").partition(" ")[0] == str(field)


def test_a_value_that_is_missing_where_the_schema_requires_it_is_named() -> None:
    for family in Family:
        for name in FamilyRules(family).required:
            event = good_event(family)
            del event[name]
            if name != "event_name":
                assert str(problem_of(event)).startswith(f"{name} is ")
    assert str(problem_of({})).startswith("event_id is ")


@given(
    st.sampled_from(list(Family)),
    st.dictionaries(
        st.sampled_from(sorted(RULES)),
        st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.lists(st.text()),
    ),
)
def test_the_check_of_any_event_of_the_right_types_ends_in_a_sentence_or_in_none(
    family: Family, values: dict[str, Any]
) -> None:
    types = {
        Rule.TIME: int,
        Rule.COUNT: int,
        Rule.ATTEMPT: int,
        Rule.SECONDS: float,
        Rule.NAMES: list,
        Rule.LINKS: type(None),
    }
    fitting = {n: v for n, v in values.items() if v is None or isinstance(v, types.get(RULES[n], str))}
    problem = problem_of({**good_event(family), **fitting})
    assert problem is None or (problem.endswith(".") and " is " in problem)
