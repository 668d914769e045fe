"""`tasker trace`: the spans and statistics of a task or of a trace."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tasker_consumers.cli.output import complain, open_console, print_lines, show_json
from tasker_consumers.cli.records.options import with_option_groups
from tasker_consumers.cli.records.progress import reading_progress
from tasker_schemas.errors import UsageError

if TYPE_CHECKING:
    from tasker_consumers.trace_view.rebuild import Run
    from tasker_consumers.trace_view.tree import Node

_PIPE_WIDTH = 120
_MICROS = 1_000


@dataclass(frozen=True, kw_only=True)
class FormatOptions:
    """The output format of a run; a command line names at most a single format."""

    as_json: Annotated[bool, typer.Option("--json", help="Spans and statistics as one JSON document.")] = False
    otlp_json: Annotated[bool, typer.Option("--otlp-json", help="Spans as an OTLP request in JSON.")] = False
    perfetto: Annotated[
        bool, typer.Option("--perfetto", help="Spans as trace events in JSON, for ui.perfetto.dev.")
    ] = False
    svg: Annotated[bool, typer.Option("--svg", help="Spans as an SVG picture.")] = False
    html: Annotated[bool, typer.Option("--html", help="One page with all spans, which needs no network.")] = False

    def chosen(self) -> str:
        """Return the name of the form; raises UsageError for two at once."""
        names = [name for name in ("as_json", "otlp_json", "perfetto", "svg", "html") if getattr(self, name)]
        if len(names) > 1:
            raise UsageError("name one of --json, --otlp-json, --perfetto, --svg and --html")
        return names[0] if names else "text"


@dataclass(frozen=True, kw_only=True)
class ViewOptions:
    """Which part of a run is shown."""

    errors: Annotated[bool, typer.Option("--errors", help="Only what failed, and what it belongs to.")] = False
    depth: Annotated[int | None, typer.Option(metavar="N", help="Only the first N levels.")] = None
    everything: Annotated[bool, typer.Option("--all", help="A line for each span, also for many equal ones.")] = False
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Attributes, events, inputs, results, backtrace, host.")
    ] = False
    moment_text: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="The run as its events tell it before then: 03:12, +90s, or a date."),
    ] = None
    before_event: Annotated[
        int | None, typer.Option(metavar="N", help="The run as its events tell it before event N, counted from 1.")
    ] = None
    alone: Annotated[bool, typer.Option("--alone", help="Leave out other tasks of the same trace.")] = False

    def check(self) -> None:
        """Raise UsageError for values that mean nothing."""
        if self.depth is not None and self.depth < 1:
            raise UsageError(f"--depth is {self.depth}; expected a number from 1")
        if self.before_event is not None and self.before_event < 1:
            raise UsageError(f"--before-event is {self.before_event}; expected a number from 1")
        if self.moment_text is not None and self.before_event is not None:
            raise UsageError("name one of --at and --before-event")


@with_option_groups
def trace(
    identifier: Annotated[
        str, typer.Argument(metavar="ID", show_default=False, help="A task's id, or a trace id of 32 hex digits.")
    ],
    *,
    file: Annotated[
        Path | None, typer.Option("--from-file", metavar="FILE", help="Read a file that `tasker replay` wrote.")
    ] = None,
    form: FormatOptions,
    view: ViewOptions,
) -> None:
    """Show the spans and statistics of one task and of the other tasks of its trace, from the events alone.

    Nothing is executed again: time travel (--at, --before-event) reads fewer of the stored events.
    """
    name = form.chosen()
    view.check()
    if not identifier.strip():
        raise UsageError("ID is empty; expected a task's id or a trace id")
    run = _select_moment(_read_run(identifier, file, alone=view.alone), view)
    present = _present(run, view)
    if name in ("as_json", "otlp_json"):
        _show_spans(run, name)
    else:
        _show_tree(run, name, view, present)
    for line in run.unreadable:
        complain(line)
    if run.unreadable:
        raise typer.Exit(1)


def _read_run(identifier: str, file: Path | None, *, alone: bool) -> "Run":
    from tasker_consumers.cli.records.run_records import run_records
    from tasker_consumers.trace_view.rebuild import rebuild

    with reading_progress() as progress:
        records, lookup = run_records(identifier, file, progress, alone=alone)
    run = rebuild(records, lookup)
    if not run.events and not run.unreadable:
        raise typer.Exit(1)
    return run


def _select_moment(run: "Run", view: ViewOptions) -> "Run":
    """Return the run as it was known at the chosen moment."""
    from datetime import UTC, datetime

    from tasker_consumers.trace_view.moments import read_run_moment

    if not run.payloads or (view.moment_text is None and view.before_event is None):
        return run
    if view.moment_text is not None:
        start = run.payloads[0]["timestamp"]
        selected = run.events_before(read_run_moment(view.moment_text, start, datetime.now(UTC)))
        if not selected.events:
            raise UsageError(
                f"--at {view.moment_text!r} is before the run's first event; write +90s to count from its start"
            )
        return selected
    count = (view.before_event or 1) - 1
    if not 1 <= count <= len(run.events):
        raise UsageError(f"--before-event is {count + 1}; the run has {len(run.events)} events: expected 2 or more")
    return run.first(count)


def _present(run: "Run", view: ViewOptions) -> int:
    """Return the moment up to which running spans are measured, in nanoseconds."""
    if view.moment_text is not None or view.before_event is not None:
        return int(run.payloads[-1]["timestamp"]) * _MICROS
    return time.time_ns()


def _show_spans(run: "Run", name: str) -> None:
    from tasker_consumers.telemetry.spans.span import span_to_json
    from tasker_consumers.trace_view.otlp_json import otlp_json

    spans = run.spans()
    if name == "otlp_json":
        show_json(otlp_json(spans, os.environ))
    else:
        show_json({"tasks": run.tasks(), "spans": [span_to_json(span) for span in spans]})


def _show_tree(run: "Run", name: str, view: ViewOptions, present: int) -> None:
    from tasker_consumers.trace_view.narrowing import fold_siblings, only_depth, only_failed
    from tasker_consumers.trace_view.perfetto import trace_events
    from tasker_consumers.trace_view.svg import render_svg
    from tasker_consumers.trace_view.tree import build_tree

    everything = build_tree(run.spans(), run.tasks(), present)
    nodes = only_failed(everything) if view.errors else everything
    nodes = only_depth(nodes, view.depth) if view.depth is not None else nodes
    if name == "perfetto":
        show_json(trace_events(nodes))
    elif name == "html":
        from tasker_consumers.trace_view.page import render_page

        typer.echo(render_page(run, nodes), nl=False)
    elif name == "svg":
        typer.echo(render_svg(nodes if view.everything else fold_siblings(nodes)), nl=False)
    else:
        _show_text(run, nodes if view.everything else fold_siblings(nodes), everything, view)


def _show_text(run: "Run", nodes: "list[Node]", everything: "list[Node]", view: ViewOptions) -> None:
    from tasker_consumers.trace_view.details import span_details
    from tasker_consumers.trace_view.text import TraceText, summary_line

    console = open_console()
    terminal = sys.stdout.isatty()
    signs = (sys.stdout.encoding or "").lower().startswith("utf")
    details = span_details(run.spans(), run.payloads) if view.verbose else None
    text = TraceText(console.width if terminal else _PIPE_WIDTH, details, signs=signs)
    lines: list[Any] = list(text.lines(nodes, run.tasks()))
    if view.errors and not nodes:
        complain("no span failed")
    if len(lines) >= console.height and terminal:
        os.environ.setdefault("LESS", "-RFX")
        with console.pager(styles=True):
            print_lines(lines, console)
    else:
        print_lines(lines, console)
    if not view.errors and (sentence := summary_line(nodes, everything)):
        complain(sentence)
