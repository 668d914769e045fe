"""The options of `tasker replay`: none is silently ignored."""

from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.cli.replay.targets import TargetOptions
from tasker_schemas.errors import UsageError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"yes": True}, "--yes says how to publish; name a topic with --to"),
        ({"present_times": True}, "--now says how to publish"),
        ({"allow_live": True}, "--allow-live says how to publish"),
        ({"to_brokers": "a:1"}, "--to-brokers says how to publish"),
        ({"drop_header": ["x"]}, "--drop-header says how to publish"),
        ({"at_most": "0", "to": "copies"}, "--at-most is '0'; expected records a second"),
        ({"speed": "fast"}, "--speed is 'fast'; expected max"),
        ({"at_most": "3", "to_file": Path("x")}, "--at-most paces records"),
        ({"keep_header": ["x"]}, "--keep-header says how to publish"),
        ({"keep_header": ["x"], "to": "copies"}, "--keep-header is for another cluster"),
        ({"resume": "replay-0123456789ab"}, "--resume says how to publish"),
        ({"to": "bad topic!"}, "--to is 'bad topic!'; expected a topic's name"),
        ({"shrink": True}, "--shrink needs a handler"),
        ({"into": Path("x"), "call": "a:b"}, "--into is the folder of --shrink"),
        ({"to": "copies", "to_file": Path("x")}, "--to and --to-file are two targets"),
        ({"to": "copies", "call": "a:b"}, "--to and --call are two targets"),
        ({"to": "copies", "yes": True, "dry_run": True}, "--yes and --dry-run contradict"),
        ({"in_place": True}, "add --allow-live"),
    ],
)
def test_an_option_that_changes_nothing_or_contradicts_another_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TargetOptions(**options).check()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"to": "copies", "yes": True},
        {"in_place": True, "allow_live": True},
        {"to_otlp": True, "yes": True},
        {"speed": "1"},
    ],
)
def test_options_that_fit_together_pass(options: dict[str, Any]) -> None:
    TargetOptions(**options).check()
