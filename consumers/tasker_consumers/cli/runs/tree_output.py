"""The trees of a run in the formats for eyes: text, picture, page, trace viewer."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from typing import TYPE_CHECKING

from tasker_consumers.cli.output import show_json, write_document
from tasker_consumers.cli.runs.options import ViewOptions
from tasker_consumers.cli.runs.text_output import show_text

if TYPE_CHECKING:
    from tasker_consumers.trace_view.rebuild import Run


def show_tree(run: "Run", name: str, view: ViewOptions, present: int) -> None:
    """Print the narrowed trees of a run in a format; `present` in nanoseconds ends spans that still run."""
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

        write_document(render_page(run, nodes))
    elif name == "svg":
        write_document(render_svg(nodes if view.everything else fold_siblings(nodes)))
    else:
        show_text(run, nodes if view.everything else fold_siblings(nodes), everything, view)
