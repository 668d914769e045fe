"""`tasker replay` from a file: printed, given to a handler, shrunk; no broker is needed."""

import json
from pathlib import Path

import pytest
import yaml

from tasker_consumers.replay.container import write_container
from tests.support.command_line import run_main
from tests.support.runs import stored
from tests.support.telemetry.histories import failed_order, order


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "runs.avro"
    write_container(stored([*order("good"), *failed_order("bad")]), path)
    return str(path)


HANDLER = """
def handle(event):
    if event.fields.get("error_class") == "gateway.Timeout" and event.name == "task.failed":
        raise TimeoutError("gateway")
"""


@pytest.fixture
def handler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"replayed_{abs(hash(str(tmp_path)))}"
    (tmp_path / f"{name}.py").write_text(HANDLER)
    monkeypatch.chdir(tmp_path)
    return f"{name}:handle"


def test_a_task_is_named_by_its_id_alone(file: str) -> None:
    ended = run_main("replay", "bad", "--from-file", file)
    assert ended.code == 0
    assert {json.loads(line)["key"] for line in ended.out.splitlines()} == {"bad"}
    documents = list(yaml.safe_load_all(run_main("replay", "bad", "--from-file", file, "-o", "yaml").out))
    assert documents == [json.loads(line) for line in ended.out.splitlines()]


def test_a_handler_that_takes_all_is_exit_code_zero(file: str, handler: str) -> None:
    ended = run_main("replay", "good", "--from-file", file, "--call", handler)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"tasker: {handler} took {len(order())} records without an error\n"


def test_the_failure_of_a_handler_is_shown_with_its_record_and_shrunk(file: str, handler: str, tmp_path: Path) -> None:
    ended = run_main("replay", "--from-file", file, "--call", handler, "--shrink")
    assert ended.code == 1
    assert "TimeoutError: gateway" in ended.err
    assert f"{handler} failed at record" in ended.err
    assert "wrote 1 events to " in ended.err
    assert [path.suffix for path in sorted(tmp_path.glob("*replayed*handle.*"))] == [".avro", ".py"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("absent",), 1, "no record is selected"),
        (("good", "--task-id", "bad"), 2, "name the task or trace once"),
        (("good", "--call", "nomodule"), 2, "expected module:function"),
        (("good", "--call", "no_such_module:x"), 2, "there is no module no_such_module"),
        (("good", "--shrink"), 2, "--shrink needs a handler"),
        (("good", "--yes"), 2, "--yes says how to publish"),
    ],
)
def test_mistakes_are_one_line(file: str, arguments: tuple[str, ...], code: int, words: str) -> None:
    ended = run_main("replay", *arguments, "--from-file", file)
    assert ended.code == code
    assert words in ended.err.splitlines()[-1]
    assert len(ended.err.splitlines()) == (2 if code == 1 else 1)
