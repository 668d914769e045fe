"""`tasker tasks --watch`: the list, then each change, from any source of statistics."""

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from tasker_consumers.cli.task_list.watching import watch_tasks
from tests.support.runs import run_of
from tests.support.telemetry.histories import failed_order, order


class Source:
    """Statistics that change twice; then somebody presses Ctrl-C."""

    name, unreadable = "a source", 0

    def __init__(self) -> None:
        self.tasks = [run_of(history(task_id)).tasks()[0] for history, task_id in ((order, "a"), (failed_order, "b"))]
        self.rounds = [[self.tasks[1]], []]

    def backlog(self) -> Iterator[dict[str, Any]]:
        yield self.tasks[0]

    def changes(self, wait_s: float) -> list[dict[str, Any]]:  # noqa: ARG002  the interface of a source
        if not self.rounds:
            raise KeyboardInterrupt
        return self.rounds.pop(0)

    def silence_s(self) -> float:
        return 0.0

    def windows(self, kind: str, name: str, length_s: int) -> list[dict[str, Any]]:
        raise NotImplementedError


def rows_of(tasks: Any) -> list[dict[str, Any]]:
    return list(tasks)


def table(rows: Any) -> tuple[list[str], list[list[str]]]:
    return ["task", "status"], [[row["task_id"], row["status"]] for row in rows]


def test_a_pipe_gets_the_list_and_a_line_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        watch_tasks(Source(), None, rows_of, table, as_json=False)
    assert capsys.readouterr().out == "task\tstatus\na\tcomplete\ntask\tstatus\nb\terror\n"


def test_json_has_a_document_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        watch_tasks(Source(), None, rows_of, table, as_json=True)
    assert [json.loads(line)["task_id"] for line in capsys.readouterr().out.splitlines()] == ["a", "b"]


def test_a_terminal_gets_the_whole_list_anew(capsys: pytest.CaptureFixture[str]) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        patch("sys.stdout.isatty", return_value=True),
        patch.dict("os.environ", {"COLUMNS": "60", "LINES": "20", "TERM": "xterm"}),
    ):
        watch_tasks(Source(), None, rows_of, table, as_json=False)
    frames = capsys.readouterr().out
    assert "b     error" in frames
    assert frames.count("a     complete") >= 2
