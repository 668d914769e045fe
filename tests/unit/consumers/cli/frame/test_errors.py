"""Mistakes on the command line, each in a line."""

import pytest

from tests.support.command_line import run_main


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("taks",), "there is no command taks; did you mean tasks or stats?"),
        (("tasks", "--limt", "3"), "there is no option --limt; did you mean --limit?"),
        (
            ("trace", "-x"),
            "there is no option -x; what begins with a dash and is no option goes behind --; see tasker trace --help",
        ),
        (("tasks", "--limit", "x"), "--limit: expected a whole number; see tasker tasks --help"),
        (("trace",), "ID is missing; see tasker trace --help"),
        (("topics", "grow", "0"), "N: expected a number from 1; see tasker topics grow --help"),
        (("completion", "ksh"), "SHELL: 'ksh' is none of 'bash', 'zsh', 'fish'; see tasker completion --help"),
        (("tasks", "--json", "-o", "yaml"), "name one of --json and -o"),
    ],
)
def test_a_mistake_is_said_in_our_words(arguments: tuple[str, ...], line: str) -> None:
    ended = run_main(*arguments)
    assert (ended.code, ended.out, ended.err) == (2, "", f"tasker: {line}\n")


@pytest.mark.parametrize("command", [(), ("dlq",)])
def test_a_group_without_a_command_shows_its_help(command: tuple[str, ...]) -> None:
    ended = run_main(*command)
    assert ended.code == 2
    assert ended.err.startswith(f"Usage: {' '.join(('tasker', *command))} [OPTIONS] COMMAND")
