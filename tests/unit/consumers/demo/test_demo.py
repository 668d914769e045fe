"""The pure part of the demo: which spans count, what is told, what a failing example says."""

import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tasker_consumers.demo import workload
from tasker_consumers.demo.failure import DemoFailed
from tasker_consumers.demo.progress import PlainLines, progress_line
from tasker_consumers.demo.result import DemoResult, newest_spans, read_spans
from tasker_consumers.demo.show import show_result, stats_table


def a_span(span_id: str, start: int = 1, **changes: Any) -> dict[str, Any]:
    return {"trace_id": "t", "span_id": span_id, "start_time_unix_nano": start, **changes}


def the_stats(**changes: Any) -> dict[str, Any]:
    fields = ("task_id", "task_name", "status", "trace_id", "duration_s", "parallelism", "longest_step", "first_error")
    counts = ("total_steps", "completed_steps", "failed_steps", "retries", "step_time_s", "last_event_at")
    return {**dict.fromkeys(fields), **dict.fromkeys(counts, 0), "task_id": "42", "status": "in_progress", **changes}


def test_a_span_that_is_told_again_counts_as_it_was_told_last() -> None:
    spans = newest_spans([a_span("a", status="ERROR"), a_span("b", 0), a_span("a", status="OK")])
    assert [(span["span_id"], span.get("status")) for span in spans] == [("b", None), ("a", "OK")]


def test_a_demo_without_spans_has_an_empty_list_of_them(tmp_path: Path) -> None:
    assert read_spans(tmp_path / "absent.jsonl") == []


def test_the_document_is_what_the_command_promises() -> None:
    result = DemoResult(tasks=[the_stats()], spans=[a_span("a")], faults=["file: line 3"])
    assert result.document() == {"tasks": [the_stats()], "spans": [a_span("a")]}


def test_plain_progress_tells_only_what_is_news() -> None:
    out = StringIO()
    progress = PlainLines(Console(file=out, width=200))
    for completed in (1, 1, 2):
        progress.tasks({"42": the_stats(total_steps=3, completed_steps=completed)}, ["42"])
    assert out.getvalue().splitlines() == [
        "42 : in_progress, 1 of 3 steps done",
        "42 : in_progress, 2 of 3 steps done",
    ]


def test_a_line_of_progress_counts_failures_and_retries() -> None:
    line = progress_line(the_stats(task_name="order", failed_steps=1, retries=2, total_steps=3))
    assert line == "42 order: in_progress, 0 of 3 steps done, 1 failed, 2 retries"


def test_what_is_not_known_is_a_dash_in_the_table() -> None:
    out = StringIO()
    Console(file=out, width=200).print(stats_table([the_stats(step_time_s=1.5)], 200))
    assert out.getvalue().splitlines()[1].split() == ["42", "in_progress", "0", "0", "0", "0", "-", "1.50", "-", "-"]


def test_trees_that_are_left_out_are_counted() -> None:
    out = StringIO()
    tasks = [the_stats(task_id=str(number), trace_id=f"{number:032x}") for number in range(15)]
    show_result(Console(file=out, width=200), DemoResult(tasks=tasks, spans=[]))
    assert "and 3 more trees" in out.getvalue()


def test_tasks_of_one_trace_are_shown_as_one_tree() -> None:
    out = StringIO()
    tasks = [the_stats(task_id=str(number), trace_id="a" * 32) for number in range(15)]
    show_result(Console(file=out, width=200), DemoResult(tasks=tasks, spans=[]))
    assert "more trees" not in out.getvalue()


def test_the_example_of_this_checkout_is_the_one_that_runs() -> None:
    assert workload.example_folder() == Path(__file__).resolve().parents[4] / "examples" / "order_processing"


def test_an_example_that_fails_is_shown_with_its_last_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "__main__.py").write_text("print('about to fail'); raise SystemExit(3)")
    monkeypatch.setattr(workload, "example_folder", lambda: tmp_path)
    told: list[str] = []
    with pytest.raises(DemoFailed, match=r"ended with 3; its last lines:\nabout to fail"):
        workload.run_example({"PATH": sys.exec_prefix}, told.append)
    assert told == ["about to fail"]
