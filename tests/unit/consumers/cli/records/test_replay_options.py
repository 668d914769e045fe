"""The options of `tasker replay`: none is silently ignored."""

from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.cli.records.replay_targets import TargetOptions
from tasker_schemas.errors import UsageError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"yes": True}, "--yes says how to publish; name a topic with --to"),
        ({"present_times": True}, "--now says how to publish"),
        ({"allow_live": True}, "--allow-live says how to publish"),
        ({"to_brokers": "a:1"}, "--to-brokers says how to publish"),
        ({"drop_header": ["x"]}, "--drop-header says how to publish"),
        ({"at_most": 3}, "--at-most says how to publish"),
        ({"to": "copies", "at_most": 0}, "--at-most is 0"),
        ({"to": "copies", "to_file": Path("x")}, "name one of --to, --in-place and --to-file"),
        ({"in_place": True}, "add --allow-live"),
    ],
)
def test_an_option_that_changes_nothing_or_contradicts_another_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TargetOptions(**options).check()


@pytest.mark.parametrize("options", [{}, {"to": "copies", "yes": True}, {"in_place": True, "allow_live": True}])
def test_options_that_fit_together_pass(options: dict[str, Any]) -> None:
    TargetOptions(**options).check()
