"""`tasker schemas` without a registry: versions, differences, verdicts, and one line for every mistake."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tasker_consumers.cli.app import app
from tasker_schemas.avro.versions import latest
from tasker_schemas.errors import ConfigurationError, UsageError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["schemas", *arguments], env={"SCHEMA_REGISTRY_URL": ""})


def new_version(directory: Path, **field: Any) -> str:
    """Write the newest version of StepEvent with one more field, and return the file's name."""
    file, newest = directory / "step_event.v4.avsc", latest("StepEvent").declared
    file.write_text(json.dumps({**newest, "fields": [*newest["fields"], {"name": "added", **field}]}))
    return str(file)


def test_every_shipped_version_is_listed_with_its_fingerprint() -> None:
    lines = run("list").stdout.splitlines()
    assert "StepEvent\t1\t30\t0e40877286f3883e\t" in lines
    assert "StepEvent\t2\t31\t9ab86ec881aeb2fb\t" in lines


def test_every_shipped_version_is_compatible_with_those_before_it() -> None:
    ended = run("check")
    assert ended.exit_code == 0
    assert "StepEvent version 2\tcompatible" in ended.stdout.splitlines()


def test_a_compatible_new_version_in_a_file_passes(tmp_path: Path) -> None:
    assert run("check", new_version(tmp_path, type="string", default="")).exit_code == 0


def test_an_incompatible_new_version_names_every_version_it_breaks(tmp_path: Path) -> None:
    ended = run("check", new_version(tmp_path, type="string"))
    assert ended.exit_code == 1
    for version in (1, 2):
        what = f"StepEvent in step_event.v4.avsc cannot read version {version}: added: is new and has no default"
        assert what in ended.stderr


def test_a_version_shows_what_it_added() -> None:
    assert "+ service_version: null or string = null" in run("diff", "StepEvent").stdout.splitlines()
    assert run("diff", "StepEvent", "1", "2").stdout == "+ queue_name: null or string = null\n"
    assert run("diff", "StepEvent", "2", "1").stdout == "- queue_name: null or string = null\n"


def test_a_file_is_compared_with_the_newest_version(tmp_path: Path) -> None:
    assert run("diff", new_version(tmp_path, type="int", default=0)).stdout == "+ added: int = 0\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("diff", "Order"), "'Order' is none of our records, which are TaskEvent"),
        (("diff", "StepEvent", "7"), "StepEvent has no version 7; it has 1, 2, 3"),
        (("check", "/nowhere.avsc"), "/nowhere.avsc holds no JSON that can be read"),
    ],
)
def test_a_mistake_is_named_with_what_there_is(arguments: tuple[str, ...], message: str) -> None:
    ended = run(*arguments)
    assert isinstance(ended.exception, UsageError)
    assert message in str(ended.exception)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "'no record' is none of our records"),
        ('{"name": "StepEvent"}', "written as 'StepEvent', not as tasker.events.StepEvent"),
        ('{"type": "record", "namespace": "tasker.events", "name": "StepEvent", "fields": [1]}', "not a field: 1"),
        ('{"type": "record", "namespace": "tasker.events", "name": "StepEvent"}', "not a schema"),
        (
            json.dumps({**latest("StepEvent").declared, "fields": [{"name": "a", "type": "int", "default": "x"}]}),
            "holds no Avro schema",
        ),
    ],
)
def test_a_file_that_holds_no_version_of_ours_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "odd.avsc").write_text(text)
    ended = run("check", str(tmp_path / "odd.avsc"))
    assert isinstance(ended.exception, UsageError)
    assert message in str(ended.exception)


def test_registering_needs_to_know_where() -> None:
    ended = run("register")
    assert isinstance(ended.exception, ConfigurationError)
    assert "SCHEMA_REGISTRY_URL is not set" in str(ended.exception)


def test_a_version_that_takes_a_required_field_from_older_readers_is_refused(tmp_path: Path) -> None:
    declared = latest("StepEvent").declared
    fields = [field for field in declared["fields"] if field["name"] != "event_id"]
    (tmp_path / "step_event.v4.avsc").write_text(json.dumps({**declared, "fields": fields}))
    ended = run("check", str(tmp_path / "step_event.v4.avsc"))
    assert ended.exit_code == 1
    assert "breaks readers of version 1: event_id: is gone and had no default" in ended.stderr
