"""The table of commands: each has help with examples that can be parsed, and refuses bad input in one line."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from tasker_consumers.cli.app import app
from tasker_consumers.cli.frame.commands import COMMANDS, leaf_commands
from tasker_consumers.cli.frame.errors import WrongUsage
from tests.support.command_line import run_main

ROOT: Any = typer.main.get_command(app)
LEAVES = dict(leaf_commands())
EXAMPLES = [example for texts in LEAVES.values() for example in texts.examples]
#: A value that an option with this placeholder in the help does not take.
BAD_VALUES = {
    "FORMAT": "xml", "FORM": "xml", "EXPORTER": "pigeon", "NAMES": "odd", "SECONDS": "soon",
    "N": "many", "TIME": "noonish", "PARTITION:OFFSET": "three", "NAME=VALUE": "novalue", "pNN": "slow",
    "FACTOR": "fast", "FIELD=COLUMN,...": "novalue", "WORD=STATE": "novalue", "ZONE": "Nowhere/Land",
    "FAMILY": "weather", "STATUS": "odd", "SPEED": "fast", "MODULE:FUNCTION": "nomodule", "N/s": "many",
}  # fmt: skip
#: Placeholders of options that take any text; whether something of that name exists only the broker knows.
FREE_TEXT = {"NAME", "ID", "VERSION", "TOPIC", "TEXT", "HOST:PORT", "FILE", "URL"}


def command_of(path: str) -> Any:
    command = ROOT
    for name in path.split():
        command = command.commands[name]
    return command


def options() -> Iterator[tuple[str, str, str]]:
    """Yield each command with each of its options that takes a value, and the option's placeholder."""
    for path in LEAVES:
        for option in command_of(path).params:
            if option.param_type_name == "option" and not option.is_flag:
                yield path, option.opts[0], option.metavar or ""


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


@pytest.mark.parametrize(("path", "option", "placeholder"), [item for item in options() if item[2] not in FREE_TEXT])
def test_a_bad_value_of_an_option_is_one_line_and_exit_code_two(path: str, option: str, placeholder: str) -> None:
    words = shlex.split(LEAVES[path].examples[0].partition(" >> ")[0])
    ended = run_main(*words, option, BAD_VALUES.get(placeholder, "no-such-choice"))
    assert (ended.code, ended.out) == (2, ""), ended.err
    assert ended.err.count("\n") == 1
    assert option in ended.err


@pytest.mark.parametrize("path", ["", *LEAVES])
def test_an_unknown_option_is_one_line_and_exit_code_two(path: str) -> None:
    ended = run_main(*path.split(), "--no-such-option")
    assert (ended.code, ended.out) == (2, "")
    command = f"tasker {path}".strip()
    assert ended.err == f"tasker: there is no option --no-such-option; see {command} --help\n"


def test_the_parser_raises_one_class_for_all_mistakes() -> None:
    with pytest.raises(WrongUsage):
        ROOT.main(["absent"], standalone_mode=False)


@pytest.mark.parametrize("path", LEAVES)
def test_no_command_takes_an_empty_text(path: str) -> None:
    names = [name for command, name, _ in options() if command == path]
    for empty in ([""], *([name, " "] for name in names), *([f"{name}="] for name in names)):
        ended = run_main(*path.split(), *empty)
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1), ended
        assert empty[0].rstrip("=") in ended.err
        assert "is empty" in ended.err
