"""Completion: the printed scripts, and the answers to them."""

import os
import subprocess
import sys

import pytest

from tests.support.command_line import run_main


@pytest.mark.parametrize(
    ("shell", "words"), [("bash", "complete -o default"), ("zsh", "#compdef tasker"), ("fish", "complete")]
)
def test_a_script_is_printed_for_each_shell(shell: str, words: str) -> None:
    ended = run_main("completion", shell)
    assert ended.code == 0
    assert words in ended.out
    assert "_TASKER_COMPLETE" in ended.out


@pytest.mark.parametrize(
    ("line", "completions"), [("tasker ta", ["tasks", "tail"]), ("tasker tasks --st", ["--status"])]
)
def test_a_shell_gets_commands_and_options(line: str, completions: list[str]) -> None:
    variables = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), "_TASKER_COMPLETE": "complete_bash"}
    ended = subprocess.run(
        [sys.executable, "-m", "tasker_consumers.cli"],
        env={**os.environ, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.stdout.split() == completions
