"""Groups of counts, and rules from a file that merge and split them without changing a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.errors.groups import gather
from tasker_consumers.errors.rules import NO_RULES, ErrorRules, MergeRule, read_rules
from tasker_consumers.units import HOUR_US
from tasker_schemas.errors import ConfigurationError


def row(fingerprint: str, count: int = 1, hour: int = 0, **names: Any) -> dict[str, Any]:
    found = {
        "fingerprint": fingerprint, "hour": hour, "count": count, "first_at": hour + 1, "last_at": hour + 2,
        "title": f"title of {fingerprint}", "reason": "grouped by 1 frame", "error_class": f"shop.{fingerprint}",
        "task_name": "order", "step_name": "charge", "service": "shop", "service_version": None,
    }  # fmt: skip
    return {**found, **names}


ROWS = [
    row("a", 5),
    row("a", 3, HOUR_US, step_name="ship", service_version="1.4"),
    row("b", 4),
    row("c", 1),
]


def test_counts_of_a_fingerprint_are_a_group_the_most_frequent_first() -> None:
    groups = gather(ROWS)
    assert [(group.id, group.count) for group in groups] == [("a", 8), ("b", 4), ("c", 1)]
    first = groups[0]
    assert (first.first_seen, first.last_seen) == (1, HOUR_US + 2)
    assert first.step_names == {"charge": 5, "ship": 3}
    assert first.versions == {"1.4": 3}
    assert first.trend == {0: 5, HOUR_US: 3}


def rules_of(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    return read_rules(path)


def test_a_merge_rule_shows_groups_as_one_and_says_so(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "merge: [{into: gateway, groups: [b], classes: ['shop.c*']}]")
    groups = gather(ROWS, rules)
    assert [(group.id, group.count, group.reason) for group in groups] == [
        ("a", 8, "grouped by 1 frame"),
        ("gateway", 5, "merged by a rule"),
    ]
    assert groups[1].fingerprints == {"b", "c"}


def test_a_split_rule_shows_a_group_as_several(tmp_path: Path) -> None:
    groups = gather(ROWS, rules_of(tmp_path, "split: [{group: a, by: step_name}]"))
    assert [(group.id, group.count) for group in groups] == [("a/charge", 5), ("b", 4), ("a/ship", 3), ("c", 1)]
    assert groups[0].title == "title of a (charge)"


_fingerprints = st.sampled_from("abc")
_merges = st.builds(
    MergeRule,
    into=st.sampled_from(("a", "gateway", "team/gateway")),
    groups=st.lists(_fingerprints, max_size=2).map(tuple),
    classes=st.lists(st.sampled_from(("shop.c*", "*")), max_size=1).map(tuple),
)
_rules = st.builds(
    ErrorRules, st.lists(_merges, max_size=3).map(tuple), st.dictionaries(_fingerprints, st.just("step_name"))
)


@given(_rules)
def test_the_fingerprints_of_a_group_are_enough_to_gather_it(rules: ErrorRules) -> None:
    for group in gather(ROWS, rules):
        fingerprints = rules.fingerprints_of(group.id)
        rows = [row for row in ROWS if fingerprints is None or row["fingerprint"] in fingerprints]
        assert group in gather(rows, rules)


def test_without_the_file_all_is_as_before(tmp_path: Path) -> None:
    assert gather(ROWS, rules_of(tmp_path, "")) == gather(ROWS, NO_RULES) == gather(ROWS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("merge: [{into: x, group: [a]}]", "merge.0.group"),
        ("split: [{group: a, by: error_message}]", "split.0.by"),
        ("split: [{group: a, by: service}, {group: a, by: step_name}]", "splits a group twice"),
        ("- a", "the document"),
        ("merge: [", "is no YAML"),
    ],
)
def test_a_wrong_rule_is_named(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigurationError, match="TASKER_ERROR_RULES") as refused:
        rules_of(tmp_path, text)
    assert expected in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected a readable file"):
        read_rules(tmp_path / "absent.yaml")
