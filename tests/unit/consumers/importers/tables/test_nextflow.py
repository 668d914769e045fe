"""Nextflow's trace.txt: times from what the file has, retries, cached results, exit codes."""

import pytest

from tests.support.importers.run_import import Files

HEADER = "task_id\thash\tnative_id\tname\tstatus\texit\tsubmit\tduration\trealtime\t%cpu\tpeak_rss\n"
DAY = "2026-03-01 10:"
ROWS = (
    f"1\t0b/be0d1c\t11\tINDEX (a)\tCOMPLETED\t0\t{DAY}00:00.000\t10s\t8.5s\t97%\t1.2 MB\n"
    f"2\tec/3100e7\t12\tMAP (a)\tFAILED\t137\t{DAY}00:11.000\t1m 2s\t1m\t-\t-\n"
    f"3\tde/adbeef\t13\tMAP (a)\tCOMPLETED\t0\t{DAY}01:20.000\t40s\t30s\t-\t-\n"
    f"4\taa/bbccdd\t14\tREPORT\tABORTED\t-\t{DAY}02:00.000\t-\t-\t-\t-\n"
)
TRACE = HEADER + ROWS


def test_a_trace_is_a_task_and_its_rows_are_steps(files: Files) -> None:
    outcome = files.run(TRACE)
    assert outcome.report.imported[0].history_format == "nextflow"
    ((task_id, task),) = outcome.stats().items()
    assert task_id.startswith("nextflow:")
    names = ("status", "total_steps", "attempts", "completed_steps", "cancelled_steps", "step_time_s")
    assert [task[name] for name in names] == ["complete", 3, 4, 2, 1, 98.5]
    (failed,) = outcome.named("step.failed")
    assert (failed["error_class"], failed["error_message"]) == ("exit 137", "MAP (a): exit 137")
    index = outcome.named("step.completed")[0]
    assert index["attributes"] == {
        "task_id": "1", "hash": "0b/be0d1c", "native_id": "11", "exit": "0", "%cpu": "97%", "peak_rss": "1.2 MB",
    }  # fmt: skip


def test_the_columns_start_and_complete_beat_durations(files: Files) -> None:
    text = (
        "task_id\thash\tname\tstatus\tsubmit\tstart\tcomplete\tduration\trealtime\tattempt\n"
        "1\tab/cd\tA\tCOMPLETED\t1772359200000\t1772359201000\t1772359204000\t9000\t9000\t3\n"
    )
    (step,) = files.run(text).named("step.completed")
    assert (step["execution_duration"], step["attempt_number"]) == (3.0, 3)


def test_milliseconds_without_a_unit_are_raw_traces(files: Files) -> None:
    raw = HEADER + "1\tab\t1\tA\tCOMPLETED\t0\t1772359200000\t4000\t2500\t-\t-\n"
    assert files.run(raw).named("step.completed")[0]["execution_duration"] == 2.5


def test_a_cached_result_is_there_when_the_run_begins_and_stretches_nothing(files: Files) -> None:
    cached = "5\tff/000000\t9\tOLD\tCACHED\t0\t2020-01-01 00:00:00.000\t1h\t1h\t-\t-\n"
    ((task_id, task),) = files.run(HEADER + cached + ROWS).stats().items()
    ((plain_id, plain),) = files.run(TRACE).stats().items()
    assert (task_id, task["duration_s"], task["step_time_s"]) == (plain_id, plain["duration_s"], plain["step_time_s"])
    assert task["completed_steps"] == plain["completed_steps"] + 1


def test_a_trace_that_still_grows_is_the_same_task(files: Files) -> None:
    part = "".join(TRACE.splitlines(keepends=True)[:3])
    assert files.run(part, TRACE).stats() == files.run(TRACE).stats()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (TRACE.replace("ABORTED", "LOST"), "line 5, column status: expected a status of Nextflow"),
        (TRACE.replace("8.5s", "long"), "line 2, column realtime: expected a duration"),
        (TRACE.replace("submit", "sent"), "line 1: no column submit"),
        (HEADER, "the file: no row is in it"),
        (TRACE[:-30], "line 5: "),
    ],
)
def test_what_is_wrong_is_named_by_its_place(files: Files, text: str, fault: str) -> None:
    (found,) = files.run(text).faults
    assert found.startswith(f"file-0: {fault}")
