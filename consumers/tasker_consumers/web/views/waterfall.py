"""A run as the rows of the waterfall, and as a table for those who do not see it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.trace_view.details import span_details
from tasker_consumers.trace_view.durations import duration_text, offset_text
from tasker_consumers.trace_view.page import page_data
from tasker_consumers.trace_view.rebuild import Run
from tasker_consumers.trace_view.tree import Node
from tasker_consumers.web.views.masking import shown_text
from tasker_producer.masking.masker import Decision, Masker


def waterfall_data(run: Run, roots: Sequence[Node], masker: Masker) -> dict[str, Any]:
    """Return the data of the waterfall; details are asked for by the id of a span."""
    return page_data(run, roots, with_details=False, mask=lambda text: shown_text(text, masker))


def details_of_span(run: Run, spans: Sequence[Span], span_id: str, masker: Masker) -> list[tuple[str, str]] | None:
    """Return name and text of each detail of a span, masked; None if it is not among the spans of the run."""
    matching = [span for span in spans if span.span_id == span_id]
    if not matching:
        return None
    details = span_details(matching, run.payloads)[span_id]
    return [
        (name, masker.mask if masker.decide(name) is Decision.HIDE else shown_text(text, masker))
        for name, text in details
    ]


class StepRow(NamedTuple):
    """An attempt, or a task, in the table of the run."""

    depth: int
    title: str
    state: str
    offset: str
    wait: str
    duration: str
    is_critical: bool
    errors: list[str]


def step_rows(roots: Sequence[Node], masker: Masker, first: int = 0, count: int = 200) -> tuple[list[StepRow], int]:
    """Return `count` lines of the tree from the line `first` on, and the number of all lines."""
    lines = list(_lines(roots))
    start = min((node.start for node, _ in lines), default=0)
    return [_step_row(node, depth, start, masker) for node, depth in lines[first : first + count]], len(lines)


def _lines(roots: Sequence[Node]) -> Sequence[tuple[Node, int]]:
    lines: list[tuple[Node, int]] = []
    pending = [(root, 0) for root in reversed(roots)]
    while pending:
        node, depth = pending.pop()
        lines.append((node, depth))
        pending += [(child, depth + 1) for child in reversed(node.children)]
    return lines


def _step_row(node: Node, depth: int, start: int, masker: Masker) -> StepRow:
    state = "failed" if node.failed else "running" if node.running else "complete"
    return StepRow(
        depth=depth,
        title=shown_text(node.title, masker),
        state=state,
        offset=offset_text(node.start - start),
        wait=duration_text(node.wait) if node.wait >= 1_000_000 else "",  # noqa: PLR2004  a millisecond
        duration=duration_text(node.end - node.start),
        is_critical=node.critical,
        errors=[shown_text(error, masker) for error in node.errors],
    )


def failures_of(roots: Sequence[Node], masker: Masker, limit: int = 20) -> tuple[list[StepRow], int]:
    """Return the first lines that report an error, and how many there are."""
    lines = [(node, depth) for node, depth in _lines(roots) if node.errors]
    start = min((root.start for root in roots), default=0)
    return [_step_row(node, depth, start, masker) for node, depth in lines[:limit]], len(lines)
