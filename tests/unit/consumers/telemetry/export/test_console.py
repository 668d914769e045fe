"""The tree that a person sees, and the file that a program reads."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tasker_consumers.telemetry.export.console import ConsoleExporter, render_trace
from tasker_consumers.telemetry.export.file_exporter import FileExporter
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import Span, span_from_json, span_to_json
from tasker_schemas.errors import ConfigurationError
from tests.support.telemetry.histories import attempt, failed_order, order


def shown(spans: list[Span]) -> list[str]:
    console = Console(file=StringIO(), width=120)
    console.print(render_trace(spans))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


def test_the_tree_of_a_task_has_its_steps_with_durations_below_it() -> None:
    lines = shown(spans_of(order()))
    assert lines[0].startswith("✔ tasker.task.started")
    assert "6.00 s" in lines[0]
    assert sum("tasker.step.processing" in line for line in lines) == 4
    assert "└── ✔ tasker.task.completed" in lines[-1]


def test_a_failed_attempt_shows_its_error_and_a_retry_its_number() -> None:
    lines = shown(spans_of(order()))
    failed = next(number for number, line in enumerate(lines) if "✘" in line)
    assert "gateway.Timeout: no answer" in lines[failed + 1]
    assert "attempt 2" in lines[failed + 2]


def test_a_message_that_looks_like_markup_is_shown_as_it_is() -> None:
    spans = spans_of(attempt("a", 0, 1, "failed", error_message="[bold]no[/bold] [/red]"))
    assert any("[bold]no[/bold] [/red]" in line for line in shown(spans))


def test_several_traces_stand_beside_each_other() -> None:
    lines = shown(spans_of([*order("1"), *failed_order("2")]))
    assert lines[0] == "2 traces"
    assert sum("tasker.task.started" in line for line in lines) == 2


def test_no_spans_are_an_empty_tree() -> None:
    assert shown([]) == ["0 traces"]


async def test_the_console_prints_each_trace_that_it_is_given() -> None:
    console = Console(file=StringIO(), width=120)
    result = await ConsoleExporter(console).export(spans_of([*order("1"), *order("2")]))
    assert isinstance(console.file, StringIO)
    assert console.file.getvalue().count("tasker.task.completed") == 2
    assert result.accepted == 12


async def test_a_file_gets_one_line_for_each_span_after_those_that_are_there(tmp_path: Path) -> None:
    spans, exporter = spans_of(order()), FileExporter(tmp_path / "spans.jsonl", span_to_json)

    async def export() -> None:
        await exporter.start()
        assert exporter.ready()
        await exporter.export(spans)
        await exporter.stop()

    await export()
    await export()
    lines = (tmp_path / "spans.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [span_to_json(span) for span in spans] * 2


async def test_a_file_that_cannot_be_written_is_a_setting_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        await FileExporter(tmp_path / "no" / "spans", span_to_json).start()


def test_json_keeps_all_that_a_tree_shows() -> None:
    spans = spans_of(order())
    assert shown([span_from_json(span_to_json(span)) for span in spans]) == shown(spans)
