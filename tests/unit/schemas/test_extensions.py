"""Compiled modules: one variable switches all of them off, and a program can say which it uses."""

import ast
import builtins
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasker_schemas import extensions
from tasker_schemas.extensions import compiled_or, native_state

LOADED = """
import sys, tasker_consumers.stats.core.fold, tasker_consumers.engine.faust.record_batches as batches
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.extensions import native_state
event = {"event_id": "e", "event_name": "a.b", "timestamp": 1}
assert Decoder().decode("CustomEvent", encode("CustomEvent", event))["event_id"] == "e"
ours = [m for n, m in sys.modules.items() if n.startswith("tasker_")]
print(sorted({str(m.__file__).rpartition(".")[2] for m in ours}), native_state())
"""


def output(code: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environ = {name: value for name, value in os.environ.items() if name != extensions.NO_EXTENSIONS}
    command = [sys.executable, "-W", "always", "-c", code]
    return subprocess.run(command, env=environ | variables, capture_output=True, text=True, check=True)


@pytest.mark.parametrize("flag", ["1", "true", "ON"])
def test_one_variable_makes_everything_run_from_python_sources(flag: str) -> None:
    ended = output(LOADED, TASKER_NO_EXTENSIONS=flag)
    assert ended.stdout == "['py'] no: TASKER_NO_EXTENSIONS is set\n"


def test_without_the_variable_compiled_modules_are_used_where_there_are_any() -> None:
    if native_state() != "yes":
        pytest.skip(f"native: {native_state()}")
    assert output(LOADED, TASKER_NO_EXTENSIONS="off").stdout == "['py', 'so'] yes\n"


def test_a_value_that_is_no_flag_makes_a_warning_and_no_import_fails() -> None:
    ended = output("import tasker_consumers, tasker_producer", TASKER_NO_EXTENSIONS="maybe")
    assert "TASKER_NO_EXTENSIONS is 'maybe'; expected true or false" in ended.stderr


def test_a_module_that_is_not_there_gives_the_python_form() -> None:
    assert compiled_or("tasker_schemas.avro._nothing_c", "Reader", len) is len


@pytest.mark.parametrize(
    ("states", "text"),
    [
        ({"a": True, "b": True}, "yes"),
        ({"a": False, "b": False}, "no"),
        ({"a": True, "b.c": False}, "partly: b.c missing"),
        ({}, "no"),
    ],
)
def test_the_state_names_the_modules_that_are_missing(
    monkeypatch: pytest.MonkeyPatch, states: dict[str, bool], text: str
) -> None:
    monkeypatch.setattr(extensions, "_PACKAGES", ("tasker_schemas",))
    monkeypatch.setattr(extensions, "_modules_of", lambda _: states.items())
    monkeypatch.setattr(extensions, "_is_switched_off", lambda: False)
    assert native_state() == text


def test_the_version_says_whether_compiled_modules_are_used() -> None:
    command = [sys.executable, "-m", "tasker_consumers.cli", "--version"]
    environ = {**os.environ, "TASKER_NO_EXTENSIONS": "1"}
    shown = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout
    assert shown.endswith("(native: no: TASKER_NO_EXTENSIONS is set)\n")


def test_compiled_modules_ask_for_several_types_in_a_form_that_hears_errors() -> None:
    """Cython does not check `isinstance(value, (str, Mapping))` for errors, but `isinstance(value, NAMED)`."""
    root = Path(__file__).parents[3]
    packages = [root / "schemas", root / "producer", root / "consumers"]
    modules = [types.with_suffix(".py") for package in packages for types in package.rglob("*.pxd")]
    assert modules
    unchecked = [
        f"{module.relative_to(root)}:{call.lineno}: {ast.unparse(call)}"
        for module in modules
        if module.exists()
        for call in ast.walk(ast.parse(module.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "isinstance"
        if isinstance(call.args[1], ast.Tuple)
        if not all(isinstance(kind, ast.Name) and hasattr(builtins, kind.id) for kind in call.args[1].elts)
    ]
    assert unchecked == []
