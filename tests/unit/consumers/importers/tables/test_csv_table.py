"""Tables: mappings and usual names, separators, times, statuses, repetitions, and what is refused."""

from datetime import timedelta, timezone
from typing import Any

import pytest

from tasker_consumers.importers import HistoryFormat
from tasker_consumers.importers.options import ReadOptions
from tasker_schemas.names import State
from tests.support.importers.run_import import Files, Outcome

HEADER = "case_id,activity,start,end,status,cost\n"
ROWS = (
    "7,check,2026-03-01T10:00:00Z,2026-03-01T10:00:30Z,ok,5\n"
    "8,check,2026-03-01T11:00:00Z,,running,\n"
    "7,pay,2026-03-01T10:01:00Z,2026-03-01T10:01:10Z,failed,\n"
    "7,pay,2026-03-01T10:02:00Z,2026-03-01T10:02:05Z,SUCCESS,\n"
)
TABLE = HEADER + ROWS
MAPPING = {"task": "case_id", "step": "activity", "start": "start", "end": "end", "status": "status"}


def run(files: Files, text: str, **options: Any) -> Outcome:
    return files.run(text, history_format=HistoryFormat.CSV, reading=ReadOptions(**options))


def test_rows_with_the_same_task_are_its_steps_in_whatever_order_they_come(files: Files) -> None:
    outcome = files.run(TABLE)
    stats = outcome.stats()
    names = ("status", "duration_s", "total_steps", "attempts", "completed_steps", "failed_steps", "step_time_s")
    assert [stats["csv:7"][name] for name in names] == ["complete", 125.0, 2, 3, 2, 0, 45.0]
    assert [stats["csv:8"][name] for name in names] == ["in_progress", None, 1, 1, 0, 0, 0.0]
    assert outcome.named("step.completed")[0]["attributes"] == {"cost": "5"}
    reordered = HEADER + "".join(reversed(ROWS.splitlines(keepends=True)))
    assert run(files, reordered).stats() == stats


def test_without_a_mapping_a_note_says_which_columns_were_taken(files: Files) -> None:
    (imported,) = files.run(TABLE).report.imported
    assert imported.notes == ("columns: --map task=case_id,step=activity,start=start,end=end,status=status",)
    assert run(files, TABLE, columns=MAPPING).report.imported[0].notes == ()
    assert run(files, TABLE, columns=MAPPING).stats() == files.run(TABLE).stats()


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_byte_order_marks_and_line_ends_change_nothing(files: Files, separator: str) -> None:
    text = "\ufeff" + TABLE.replace(",", separator).replace("\n", "\r\n")
    assert files.run(text).stats() == files.run(TABLE).stats()


def test_columns_without_a_header_have_numbers(files: Files) -> None:
    numbered = {field: str(HEADER.strip().split(",").index(name) + 1) for field, name in MAPPING.items()}
    outcome = run(files, ROWS, columns=numbered, has_header=False)
    assert outcome.stats() == files.run(TABLE).stats()


@pytest.mark.parametrize(
    ("start", "options", "expected"),
    [
        ("1772359200", {}, 1_772_359_200_000_000),
        ("1772359200.5", {}, 1_772_359_200_500_000),
        ("1772359200123", {}, 1_772_359_200_123_000),
        ("1772359200123456", {}, 1_772_359_200_123_456),
        ("1772359200123456789", {}, 1_772_359_200_123_457),
        ("-5", {"epoch": 10_000_000}, 5_000_000),
        ("2026-03-01 10:00:00", {}, 1_772_359_200_000_000),
        ("2026-03-01 12:00:00", {"timezone": timezone(timedelta(hours=2))}, 1_772_359_200_000_000),
    ],
)
def test_times_are_dates_or_numbers_of_any_unit(files: Files, start: str, options: Any, expected: int) -> None:
    (step,) = run(files, f"task_id,step,start\n1,a,{start}\n", **options).named("step.handle")
    assert step["started_at"] == expected


def test_a_duration_stands_in_for_a_start_or_an_end(files: Files) -> None:
    text = "task_id,step,start,end,duration\n1,a,100,,1m 2s\n1,b,,300,0.5\n"
    durations = {step["step_id"]: step["execution_duration"] for step in run(files, text).named("step.completed")}
    assert durations == {"a": 62.0, "b": 0.5}


def test_attempts_edges_errors_and_names_come_from_their_columns(files: Files) -> None:
    text = (
        "task_id,step,start,end,status,attempt,depends_on,error,task_name\n"
        "1,a,100,101,ok,1,,,order\n1,b,102,103,error,1,a,no money,order\n1,b,104,105,ok,2,a;x,,order\n"
    )
    outcome = run(files, text)
    assert outcome.edges() == {("csv:1", "b"): {"a", "x"}}
    assert outcome.named("step.failed")[0]["error_message"] == "no money"
    task = outcome.stats()["csv:1"]
    assert (task["task_name"], task["attempts"], task["retries"]) == ("order", 3, 1)


def test_a_repeated_step_is_a_step_of_its_own_unless_it_failed_before(files: Files) -> None:
    text = "task_id,step,start,end\n1,a,100,101\n1,a,102,103\n1,a#2,104,105\n"
    assert {step["step_id"] for step in run(files, text).named("step.completed")} == {"a", "a#2", "a#2#2"}


def test_an_end_before_the_start_claims_no_duration(files: Files) -> None:
    outcome = run(files, "task_id,step,start,end\n1,a,200,100\n")
    (step,) = outcome.named("step.completed")
    assert (step["execution_duration"], step["completed_at"]) == (None, 100_000_000)


def test_a_word_of_the_table_gets_its_meaning(files: Files) -> None:
    text = "task_id,step,start,end,status\n1,a,100,101,Terminated\n"
    (found,) = run(files, text).faults
    assert found.startswith('file-0: line 2, column status: expected a known status; say what it means: --status "Term')
    outcome = run(files, text, statuses={"terminated": State.COMPLETE})
    assert outcome.stats()["csv:1"]["completed_steps"] == 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEADER + "7,check,soon,,,\n", "line 2, column start: expected a time, such as"),
        (HEADER + ROWS + "7,check\n", "line 6: 2 values, expected 6"),
        (HEADER + ",check,100,,,\n", "line 2, column case_id: expected a text of 1 to 900 characters"),
        (HEADER + "7,check,,,,\n", "line 2: no time is in it"),
        (HEADER + '7,"check,100,,,\n', "line 2: not a table: unexpected end of data"),
        (HEADER + "7,check,-100,,,\n", "line 2, column start: expected a time between 1970 and 2262; --epoch"),
        (HEADER, "the file: no row is in it"),
        ("a,a,b\n1,2,3\n", "line 1: two columns have the name 'a'"),
        ("a,b,c\n1,2,3\n", "line 1: no column tells the task and the step; say it"),
        ("task_id,step,c\n1,2,3\n", "line 1: no column tells a time; say it"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(files: Files, text: str, fault: str) -> None:
    outcome = run(files, text)
    assert [found[: len(fault) + 8] for found in outcome.faults] == [f"file-0: {fault}"]
    assert outcome.events == []


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({**MAPPING, "colour": "cost"}, "--map knows no field 'colour'"),
        ({**MAPPING, "end": "finish"}, "line 1: no column 'finish' for the field end; the columns are case_id"),
        ({"task": "case_id", "start": "start"}, "line 1: no column tells the step"),
    ],
)
def test_a_wrong_mapping_names_the_columns_that_there_are(files: Files, columns: Any, fault: str) -> None:
    (found,) = run(files, TABLE, columns=columns).faults
    assert found.startswith(f"file-0: {fault}")


def test_bytes_that_are_no_utf_8_are_named_by_the_line_before(files: Files) -> None:
    (found,) = files.run(TABLE.encode() + b"9,\xff,1,2,,\n", history_format=HistoryFormat.CSV).faults
    assert found.startswith("file-0: after line ")
