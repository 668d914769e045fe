"""The options that select records: every wrong value is named, before anything is read."""

from typing import Any

import pytest

from tasker_consumers.cli.records.selecting import SelectionOptions
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family


def test_without_options_nothing_is_left_out() -> None:
    selection = SelectionOptions().selection()
    assert selection.families == frozenset(Family)
    assert (selection.since, selection.until, selection.limit, selection.events) == (None, None, None, ())


def test_options_become_a_selection() -> None:
    options = SelectionOptions(
        trace_id="A" * 32,
        header=["ce_source=a=b"],
        offset=["3:1200"],
        since="2026-01-31T14:00",
        happened_before="2026-01-31T14:00",
    )
    selection = options.selection()
    assert selection.trace_id == "a" * 32
    assert selection.headers == (("ce_source", "a=b"),)
    assert selection.starts == ((3, 1200),)
    assert selection.since == 1_769_868_000_000
    assert selection.happened_before == 1_769_868_000_000_000


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("task_id", "", "--task-id is empty"),
        ("trace_id", "xyz", "--trace-id is 'xyz'; expected 32 hex digits"),
        ("trace_id", "0" * 32, "that are not all zero"),
        ("correlation_id", " ", "--correlation-id is empty"),
        ("event", ["step.complete"], "did you mean 'step.completed'"),
        ("step_name", [""], "--step-name is empty"),
        ("service", [""], "--service is empty"),
        ("version", [""], "--version is empty"),
        ("header", ["ce_source"], "--header is 'ce_source'; expected NAME=VALUE"),
        ("header", ["=x"], "expected NAME=VALUE"),
        ("since", "soon", "--since: 'soon' is no time"),
        ("until", "soon", "--until: 'soon' is no time"),
        ("happened_after", "soon", "--happened-after: 'soon' is no time"),
        ("happened_before", "soon", "--happened-before: 'soon' is no time"),
        ("offset", ["3"], "--offset is '3'; expected PARTITION:OFFSET"),
        ("offset", ["-1:2"], "expected PARTITION:OFFSET"),
        ("offset", ["1:" + "9" * 19], "expected PARTITION:OFFSET"),
        ("limit", 0, "--limit is 0; expected a number from 1"),
    ],
)
def test_a_value_that_means_nothing_is_named(option: str, value: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SelectionOptions(**{option: value}).selection()
