"""`tasker import --dry-run`: it shows the events of files, says which files it cannot read, and needs no Kafka."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import run_main

ROWS = """case,activity,begin,finish,result
o-1,validate,2024-03-01T10:00:00Z,2024-03-01T10:00:02Z,ok
o-1,charge,2024-03-01T10:00:02Z,2024-03-01T10:00:05Z,failed
o-2,validate,2024-03-01T11:00:00Z,2024-03-01T11:00:01Z,ok
"""
MAP = ("--map", "task=case,step=activity,start=begin,end=finish,status=result")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    table = tmp_path / "orders.csv"
    table.write_text(ROWS)
    return table


def test_a_dry_run_counts_the_events_and_shows_the_first_steps(table: Path) -> None:
    ended = run_main("import", "csv", str(table), *MAP, "--dry-run")
    shown = ended.out + ended.err
    assert ended.code == 0
    assert f"{table}: 12 events, 2 tasks: csv:o-1, csv:o-2" in shown
    assert "2 step.completed, 1 step.failed, 3 step.handle, 1 task.completed, 1 task.failed" in shown
    assert "2024-03-01T10:00:05.000000Z\tstep.failed\tcsv:o-1\tcharge\t1" in shown


def test_a_prefix_changes_the_ids_alone(table: Path) -> None:
    plain, prefixed = (
        json.loads(run_main("import", str(table), *MAP, "--dry-run", "--json", *options).out)
        for options in ((), ("--prefix", "try-"))
    )
    assert prefixed["task_ids"] == ["try-csv:o-1", "try-csv:o-2"]
    assert prefixed["files"][0]["names"] == plain["files"][0]["names"]


def test_a_damaged_file_is_named_with_its_place_and_the_others_are_read(table: Path) -> None:
    damaged = table.with_name("damaged.csv")
    damaged.write_text(ROWS.replace("10:00:05Z", "some day"))
    ended = run_main("import", "csv", str(damaged), str(table), *MAP, "--dry-run")
    assert ended.code == 1
    assert f"{damaged}" in ended.err
    assert "some day" in ended.err
    assert f"{table}: 12 events" in ended.out + ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--map", "task=nowhere,step=activity"), "nowhere"),
        (("--map", "colour=case"), "colour"),
        (("--speed", "0"), "--speed"),
        (("--timezone", "Mars/Base"), "Mars/Base"),
        (("--status", "ok=fine"), "fine"),
    ],
)
def test_an_option_that_cannot_be_right_is_named(table: Path, options: tuple[str, ...], words: str) -> None:
    ended = run_main("import", "csv", str(table), "--dry-run", *options)
    assert ended.code in (1, 2)
    assert words in ended.err
    assert "Traceback" not in ended.err
