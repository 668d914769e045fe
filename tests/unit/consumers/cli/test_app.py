"""The skin: help, version, and one clear line for every mistake."""

import subprocess
import sys

import pytest

from tests.support.processes import LIMIT_S

TASKER = [sys.executable, "-m", "tasker_consumers.cli"]


def run_tasker(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    environ = {"PATH": "/usr/bin:/bin", **environ}
    return subprocess.run(
        [*TASKER, *arguments], env=environ, check=False, capture_output=True, text=True, timeout=LIMIT_S
    )


def test_the_version_is_shown() -> None:
    assert run_tasker("--version").stdout.startswith("tasker-events 0.")


def test_help_loads_neither_faust_nor_the_client() -> None:
    code = "import sys, tasker_consumers.cli; print({'faust', 'confluent_kafka', 'rich'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True).stdout == "set()\n"


@pytest.mark.parametrize("command", [("topics", "list"), ("trace", "42"), ("replay",), ("run", "stats")])
def test_without_a_kafka_each_command_says_what_to_set(command: tuple[str, ...]) -> None:
    ended = run_tasker(*command)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "KAFKA_BOOTSTRAP_SERVERS is not set" in ended.stderr


def test_a_wrong_setting_is_one_line_and_exit_code_two() -> None:
    ended = run_tasker("topics", "list", TASKER_PARTITIONS="six")
    assert ended.returncode == 2
    assert ended.stderr == "tasker: TASKER_PARTITIONS is 'six'; expected a whole number from 1 to 10000.\n"


def test_brokers_on_the_command_line_replace_those_of_the_environment() -> None:
    for environ in ({}, {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:2"}, {"KAFKA_BOOTSTRAP_SERVERS_FILE": "/absent"}):
        ended = run_tasker("-b", "no address", "topics", "list", **environ)
        assert ended.returncode == 2
        assert "KAFKA_BOOTSTRAP_SERVERS is 'no address'; expected" in ended.stderr


def test_a_misspelt_setting_is_warned_about() -> None:
    assert "did you mean TASKER_PARTITIONS?" in run_tasker("topics", "list", TASKER_PARTITION="6").stderr


def test_files_without_a_format_are_a_usage_error() -> None:
    ended = run_tasker("demo", "some.json")
    assert ended.returncode == 2
    assert "--format and files belong together" in ended.stderr
