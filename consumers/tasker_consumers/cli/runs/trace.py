"""`tasker trace`: the spans and statistics of a task or of a trace."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.output import complain
from tasker_consumers.cli.records.options import with_option_groups
from tasker_consumers.cli.records.progress import reading_progress
from tasker_consumers.cli.runs.options import FormatOptions, ViewOptions
from tasker_consumers.cli.runs.span_output import show_spans
from tasker_consumers.cli.runs.tree_output import show_tree
from tasker_schemas.errors import UsageError

if TYPE_CHECKING:
    from tasker_consumers.trace_view.rebuild import Run

_MICROS = 1_000


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
    view.check(name)
    if not identifier.strip():
        raise UsageError("ID is empty; expected a task's id or a trace id")
    run = _select_moment(_read_run(identifier, file, alone=view.alone), view)
    present = _present(run, view)
    if name in ("as_json", "otlp_json"):
        show_spans(run, name)
    else:
        show_tree(run, name, view, present)
    for line in run.unreadable:
        complain(line)
    if run.unreadable:
        raise typer.Exit(1)


def _read_run(identifier: str, file: Path | None, *, alone: bool) -> "Run":
    from tasker_consumers.cli.runs.source import open_runs, run_records
    from tasker_consumers.trace_view.rebuild import rebuild

    with reading_progress() as progress:
        reader, lookup = open_runs([] if file is None else [file], progress)
        records = run_records(identifier, reader, alone=alone)
    run = rebuild(records, lookup)
    if not run.events and not run.unreadable:
        raise typer.Exit(1)
    return run


def _select_moment(run: "Run", view: ViewOptions) -> "Run":
    """Return the run as it was known at the chosen moment."""
    if not run.payloads or (view.moment_text is None and view.before_event is None):
        return run
    if view.moment_text is not None:
        selected = run.events_before(view.moment(run.payloads[0]["timestamp"]))
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
