"""Bad input for every argument and option of every command: one line, exit code 2, nothing written.

The cases follow from the commands themselves. A new option has bad values by its placeholder in the help; an option
with a new placeholder fails here until `BAD_VALUES` or `FREE_TEXT` has it.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.cli.app import parser
from tasker_consumers.cli.frame.commands import leaf_commands
from tests.support.command_line import Ended, run_main

ROOT: Any = parser()
LEAVES = dict(leaf_commands())
#: Values that an option with this placeholder does not take: a wrong kind, out of range, unknown, missing.
BAD_VALUES = {
    "FORMAT": ("xml",), "FORM": ("xml", "JSON2"), "EXPORTER": ("pigeon",), "NAMES": ("odd",), "SECONDS": ("soon", "-1"),
    "N": ("many", "0", "1.5"), "TIME": ("noonish", "25:00", "2026-13-01", "-2h"),
    "PARTITION:OFFSET": ("three", "0:x", "0:-1", "-1:0"), "NAME=VALUE": ("novalue", "=x"),
    "pNN": ("slow", "p0", "p100"), "FACTOR": ("fast", "0", "-1"), "FIELD=COLUMN,...": ("novalue", "task="),
    "WORD=STATE": ("novalue", "done=odd"), "ZONE": ("Nowhere/Land",), "FAMILY": ("weather",), "STATUS": ("odd",),
    "SPEED": ("fast", "0", "-1"), "MODULE:FUNCTION": ("nomodule",), "N/s": ("many", "0", "0/s"),
    "PORT": ("many", "70000"), "HOST:PORT": ("no address", "host:port"), "REPLAY-ID": ("yesterday",),
    "FOLDER": ("absent/folder",), "URL": ("ftp://host", "host:80"),
    "TOPIC": ("two words", "..", "größe", "t" * 250),
}  # fmt: skip
#: Placeholders of options that take any text; whether something of that name exists only the broker knows.
FREE_TEXT = {"NAME", "ID", "VERSION", "TEXT", "ADDRESS", "FILE"}
#: Options that take a value which others with their placeholder refuse.
TAKEN = {("topics create", "--replication-factor", "0")}


def parameters(path: str) -> list[Any]:
    """Return the parameters of a command."""
    command = ROOT
    for name in path.split():
        command = command.commands[name]
    return list(command.params)


def options(path: str) -> Iterator[tuple[str, str]]:
    """Yield each option that takes a value, with its placeholder in the help."""
    for option in parameters(path):
        if option.param_type_name == "option" and not option.is_flag:
            yield option.opts[0], option.metavar or ""


def flags(path: str) -> Iterator[str]:
    """Yield each option without a value."""
    for option in parameters(path):
        if option.param_type_name == "option" and option.is_flag:
            yield option.opts[0]


def example(path: str) -> list[str]:
    """Return a whole call of a command, as its help has it, without the brokers."""
    words = shlex.split(LEAVES[path].examples[0].partition(" >> ")[0])
    return words[words.index(path.split(maxsplit=1)[0]) :]


def assert_refused(ended: Ended, case: tuple[str, ...], *words: str) -> None:
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1), (case, ended)
    assert any(word in ended.err for word in words), (case, ended.err)
    assert list(Path().iterdir()) == [], case


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("path", LEAVES)
def test_a_bad_value_of_each_option_is_refused(path: str) -> None:
    for name, placeholder in options(path):
        if placeholder in FREE_TEXT:
            continue
        for value in BAD_VALUES[placeholder]:
            case = (*example(path), name, value)
            if (path, name, value) not in TAKEN:
                assert_refused(run_main(*case), case, name, value)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--to-brokers", "no address"), ("--resume", "yesterday"), ("--speed", "fast"), ("--at-most", "many")],
)
def test_a_bad_value_is_refused_also_where_its_option_has_a_use(option: str, value: str) -> None:
    case = ("replay", "--to", "copies", option, value)
    assert_refused(run_main(*case), case, f"{option} is '{value}'; expected")


@pytest.mark.parametrize("path", LEAVES)
def test_a_missing_or_an_empty_value_is_refused(path: str) -> None:
    for name, _ in options(path):
        for case in ((*example(path), name), (*path.split(), name, " "), (*path.split(), f"{name}=")):
            assert_refused(run_main(*case), case, name)
    assert_refused(run_main(*path.split(), ""), (path, ""), "is empty")


@pytest.mark.parametrize("path", LEAVES)
def test_a_value_of_an_option_without_is_refused(path: str) -> None:
    for name in flags(path):
        case = (*example(path), f"{name}=yes")
        assert_refused(run_main(*case), case, name)


@pytest.mark.parametrize("path", LEAVES)
def test_too_few_and_too_many_arguments_are_refused(path: str) -> None:
    arguments = [item for item in parameters(path) if item.param_type_name == "argument"]
    required = [item for item in arguments if item.required]
    names = [item.opts[0] for item in parameters(path) if item.param_type_name == "option" and item.required]
    if required:
        assert_refused(run_main(*path.split()), (path,), required[0].metavar)
    if all(item.nargs == 1 for item in arguments):
        case = (*path.split(), *("1" for _ in arguments), "surplus")
        assert_refused(run_main(*case), case, "surplus", *names, *(item.metavar for item in arguments))


@pytest.mark.parametrize(
    "case",
    [
        ("trace", "42", "--from-file", "absent.avro"),
        ("diff", "41", "42", "--from-file", "absent.avro"),
        ("replay", "--from-file", "absent.avro"),
        ("schemas", "check", "--offline", "absent.avsc"),
        ("demo", "--format", "temporal", "absent.json"),
        ("import", "absent.json"),
        ("import", "temporal", "absent.json", "--dry-run"),
    ],
)
def test_a_missing_file_is_named(case: tuple[str, ...]) -> None:
    assert_refused(run_main(*case), case, "absent.")


@pytest.mark.parametrize("path", LEAVES)
def test_a_missing_context_is_named(path: str) -> None:
    case = (*example(path), "--context", "absent")
    assert_refused(run_main(*case), case, "absent")


@pytest.mark.parametrize(
    "case",
    [
        *(
            (*path.split(), "--json", "-o", "yaml")
            for path in LEAVES
            if {"--json", "--output"} <= {*flags(path), *(name for name, _ in options(path))}
            and not any(item.required for item in parameters(path))
        ),
        *(("trace", "42", first, second) for first, second in (("--json", "--svg"), ("--html", "--perfetto"))),
        *(("trace", "42", form, view) for form in ("--json", "--otlp-json") for view in ("--errors", "--all", "-v")),
        ("trace", "42", "--json", "--depth", "2"),
        ("trace", "42", "--html", "--all"),
        ("trace", "42", "--svg", "-v"),
        ("trace", "42", "--at", "03:12", "--before-event", "3"),
        ("stats", "42", "--by-minute"),
        ("stats", "--name", "order", "--exit-status"),
        ("stats", "--step", "charge", "--watch"),
        ("diff", "41", "42", "--name", "order", "--failed"),
        ("diff", "41"),
        ("diff", "41", "42", "--failed"),
        ("diff", "--name", "order", "--failed", "--slow", "p95"),
        ("replay", "--yes"),
        ("replay", "--yes", "--dry-run", "--to", "copies"),
        ("dlq", "requeue", "stats", "--yes", "--dry-run"),
        ("dlq", "drop", "stats", "--before", "7d", "--yes", "--dry-run"),
        ("replay", "--to", "copies", "--in-place"),
        ("replay", "--in-place"),
        ("replay", "--call", "app:handle", "--to", "copies"),
        ("replay", "--shrink"),
        ("replay", "--into", "tests"),
        ("replay", "--now"),
        ("replay", "--allow-live"),
        ("replay", "--drop-header", "team"),
        ("replay", "--keep-header", "team", "--to", "copies"),
        ("replay", "--to-brokers", "kafka:9092"),
        ("replay", "--resume", "replay-0123456789ab"),
        ("replay", "--to-file", "runs.avro", "--speed", "1"),
    ],
)
def test_options_that_contradict_each_other_are_refused(case: tuple[str, ...]) -> None:
    ended = run_main(*case)
    assert_refused(ended, case, *(word for word in case if word.startswith("-")), "name two runs")
    assert "KAFKA_BOOTSTRAP_SERVERS" not in ended.err, case
