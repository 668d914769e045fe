"""Contexts: variables by name, from a file of the user."""

from pathlib import Path

import pytest

from tasker_consumers.cli.frame.contexts import read_contexts, variables_of_context
from tasker_schemas.errors import UsageError
from tests.support.command_line import run_main

TEXT = """
[production]
KAFKA_BOOTSTRAP_SERVERS = "kafka-1:9093"
TASKER_PARTITIONS = 12
[test]
KAFKA_BOOTSTRAP_SERVERS = "no address"
TASKER_TOPIC_PREFIX = "trial"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "contexts.toml"
    path.write_text(TEXT)
    return path


def test_the_variables_of_a_context_are_text(file: Path) -> None:
    environ = {"TASKER_CONTEXTS_FILE": str(file)}
    assert variables_of_context("production", environ)["TASKER_PARTITIONS"] == "12"
    assert variables_of_context(None, {**environ, "TASKER_CONTEXT": "test"})["TASKER_TOPIC_PREFIX"] == "trial"


def test_a_context_replaces_the_environment_and_brokers_replace_both(file: Path) -> None:
    environ = {"TASKER_CONTEXTS_FILE": str(file), "KAFKA_BOOTSTRAP_SERVERS_FILE": "/absent"}
    ended = run_main("topics", "list", "--context", "test", **environ)
    assert "KAFKA_BOOTSTRAP_SERVERS is 'no address'" in ended.err
    ended = run_main("--context", "test", "topics", "list", "-b", "none either", **environ)
    assert "KAFKA_BOOTSTRAP_SERVERS is 'none either'" in ended.err
    ended = run_main("topics", "list", **environ, TASKER_CONTEXT="test")
    assert "KAFKA_BOOTSTRAP_SERVERS is 'no address'" in ended.err


def test_an_unknown_context_is_named_with_the_nearest(file: Path) -> None:
    ended = run_main("topics", "list", "--context", "prodution", TASKER_CONTEXTS_FILE=str(file))
    assert (ended.code, ended.err) == (2, f"tasker: {file} has no context 'prodution'; did you mean production?\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[a", "is no TOML"),
        ("a = 1", "outside of a table"),
        ("[a]\nPATH = '/'", "expected a name with KAFKA_"),
        ("[a]\nKAFKA_X = [1]", "has a list or table"),
    ],
)
def test_a_file_that_holds_anything_else_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "contexts.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=problem.replace("[", r"\[")):
        read_contexts(path)


def test_the_list_shows_no_secret_and_without_a_file_says_where_it_would_be(file: Path) -> None:
    ended = run_main("contexts", TASKER_CONTEXTS_FILE=str(file), TASKER_CONTEXT="test")
    assert ended.out.splitlines()[1:] == ["production\t\tkafka-1:9093\t-\t2", "test\tcurrent\tno address\ttrial\t2"]
    assert run_main("contexts").err.startswith("tasker: no context in /absent/.config/tasker/contexts.toml")
