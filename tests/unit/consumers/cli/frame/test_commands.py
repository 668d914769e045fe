"""The table of commands: each has help, with examples that can be parsed."""

import shlex
from typing import Any

import pytest

from tasker_consumers.cli.app import parser
from tasker_consumers.cli.frame.commands import COMMANDS, leaf_commands
from tasker_consumers.cli.frame.errors import WrongUsage
from tests.support.command_line import run_main

ROOT: Any = parser()
LEAVES = dict(leaf_commands())
EXAMPLES = [example for texts in LEAVES.values() for example in texts.examples]


def test_the_help_lists_the_commands_in_the_order_of_the_table() -> None:
    assert ROOT.list_commands(None) == list(COMMANDS)


@pytest.mark.parametrize("path", LEAVES)
def test_each_command_has_examples_exit_codes_and_the_shared_options(path: str) -> None:
    assert LEAVES[path].examples, f"help_texts has no example of {path}"
    ended = run_main(*path.split(), "--help")
    assert ended.code == 0
    for words in ("Examples:", "Exit codes:", "--brokers", "--context"):
        assert words in ended.out, words
    for python in ("<bool>", "<str>", "<list", "<int", "{", "[["):
        assert python not in ended.out, python


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_can_be_parsed(example: str) -> None:
    words = shlex.split(example.partition(" >> ")[0])
    context = ROOT.make_context("tasker", list(words))
    while (rest := [*context._protected_args, *context.args]) and hasattr(context.command, "commands"):
        command = context.command.commands[rest[0]]
        context = command.make_context(rest[0], rest[1:], parent=context)
    assert context.command.callback is not None


@pytest.mark.parametrize("path", ["", *LEAVES])
def test_an_unknown_option_is_one_line_and_exit_code_two(path: str) -> None:
    ended = run_main(*path.split(), "--no-such-option")
    assert (ended.code, ended.out) == (2, "")
    command = f"tasker {path}".strip()
    assert ended.err == f"tasker: there is no option --no-such-option; see {command} --help\n"


def test_the_parser_raises_one_class_for_all_mistakes() -> None:
    with pytest.raises(WrongUsage):
        ROOT.main(["absent"], standalone_mode=False)
