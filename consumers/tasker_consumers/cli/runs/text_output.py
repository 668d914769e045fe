"""A run as text, on a terminal or in a pipe."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import os
import sys
from typing import TYPE_CHECKING, Any

from tasker_consumers.cli.output import complain, open_console, print_lines
from tasker_consumers.cli.runs.options import ViewOptions

if TYPE_CHECKING:
    from tasker_consumers.trace_view.rebuild import Run
    from tasker_consumers.trace_view.tree import Node

_PIPE_WIDTH = 120


def show_text(run: "Run", nodes: "list[Node]", everything: "list[Node]", view: ViewOptions) -> None:
    """Print the trees as text, in a pager if they are longer than the terminal; `everything` is the unnarrowed run."""
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
