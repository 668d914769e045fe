"""The last words of a demo: each task's spans as a tree, the statistics, and commands to try next."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from tasker_consumers.demo.result import DemoResult
from tasker_consumers.demo.stage import Stage
from tasker_consumers.ranked_table import column_widths, fitting_columns
from tasker_consumers.telemetry.export.console import render_trace
from tasker_consumers.telemetry.spans.span import span_from_json

#: More trees, or larger ones, would bury the statistics; `tasker demo --json` has them all.
MOST_TREES = 12
MOST_SPANS = 60

_COLUMNS: tuple[tuple[str, str], ...] = (
    ("task", "task_id"),
    ("status", "status"),
    ("steps", "total_steps"),
    ("done", "completed_steps"),
    ("failed", "failed_steps"),
    ("retries", "retries"),
    ("seconds", "duration_s"),
    ("step time", "step_time_s"),
    ("parallel", "parallelism"),
    ("longest step", "longest_step"),
)


def show_result(console: Console, result: DemoResult) -> None:
    """Print everything a person wants to see of a demo; tasks that share a trace make a single tree."""
    traces = list(dict.fromkeys(stats["trace_id"] for stats in result.tasks))
    for trace_id in traces[:MOST_TREES]:
        spans = [span_from_json(dict(span)) for span in result.spans_of(trace_id)]
        if spans:
            console.print(render_trace(spans[:MOST_SPANS]))
            if len(spans) > MOST_SPANS:
                console.print(f"… and {len(spans) - MOST_SPANS} more spans.")
            console.print()
    if len(traces) > MOST_TREES:
        console.print(f"… and {len(traces) - MOST_TREES} more trees.\n")
    console.print(stats_table(result.tasks, console.width))


def stats_table(tasks: Iterable[Mapping[str, Any]], width: int) -> Table:
    """Return the completion statistics, a row for each task; the last columns are left out where they do not fit."""
    titles = [title for title, _ in _COLUMNS]
    rows = [[_cell(stats[field]) for _, field in _COLUMNS] for stats in tasks]
    shown = fitting_columns(column_widths((titles, *rows)), width)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title, field in _COLUMNS[:shown]:
        is_text = field in ("task_id", "status", "longest_step")
        table.add_column(title, justify="left" if is_text else "right", overflow="fold")
    for row in rows:
        table.add_row(*row[:shown])
    return table


def addresses(stage: Stage, task_id: str | None, web: str | None = None) -> list[str]:
    """Return where everything of a demo that goes on is, with commands to try there."""
    lines = ["", "Everything goes on until Ctrl-C. In another terminal:", ""]
    lines += [f"  export KAFKA_BOOTSTRAP_SERVERS={stage.source.bootstrap_servers} TASKER_TOPIC_PREFIX={stage.prefix}"]
    if task_id is not None:
        lines += [f"  tasker {tool} '{task_id}'" for tool in ("trace", "stats", "replay --task")]
    lines += ["  tasker topics list", "  tasker doctor", ""]
    for worker in stage.workers:
        pages = "/readyz  /healthz  /metrics" + ("  /docs  /tasks  /windows" if worker.name == "stats" else "")
        lines.append(f"{worker.name:<10} http://127.0.0.1:{worker.port}{pages}")
    if web is not None:
        lines.append(f"{'web':<10} {web}  tasks, waterfalls, errors and statistics as pages")
    return [*lines, f"{'logs':<10} {stage.directory}"]


def what_next() -> list[str]:
    """Return commands to try when a demo is over."""
    return [
        "",
        "What to try next:",
        "  tasker demo --keep                            leave it running, and look around with trace, replay, doctor",
        "  tasker demo --format wfcommons FILE…          scientific workflows as tasks; also temporal, github-actions",
        "  tasker demo --json                            the same as one JSON document",
        "  examples/order_processing                     how a service embeds the producer",
    ]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
