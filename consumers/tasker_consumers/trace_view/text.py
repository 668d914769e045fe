"""A run as text: a line for each span with offset, duration, wait, a bar on the time axis, and its name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from tasker_consumers.telemetry.spans.span import OK
from tasker_consumers.times import time_text
from tasker_consumers.trace_view.durations import duration_text, offset_text, wait_text
from tasker_consumers.trace_view.narrowing import count_nodes
from tasker_consumers.trace_view.timing import idle_time
from tasker_consumers.trace_view.tree import Node

#: Columns that the numbers and the name need; the bar gets a share of the others.
_WITHOUT_BAR, _SHORTEST_BAR, _LONGEST_BAR = 56, 8, 40
_ERROR_LINES = 5
_SECOND = 1_000_000_000
_LONGEST_WORTH_TELLING = 1_000_000  # nanoseconds of waiting


class TraceText:
    """Writes trees as lines. `width` is that of the terminal; a name is never cut, so a line may be longer.

    `details` has more lines for a span, by its id. Without `signs` no character is used that ASCII lacks.
    """

    def __init__(
        self, width: int, details: Mapping[str, Sequence[tuple[str, str]]] | None = None, *, signs: bool = True
    ) -> None:
        bar = min(_LONGEST_BAR, (width - _WITHOUT_BAR) // 2)
        self._bar = bar if bar >= _SHORTEST_BAR else 0
        self._with_wait = width >= _WITHOUT_BAR
        self._details = details or {}
        self._signs = signs

    def lines(self, roots: Sequence[Node], tasks: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
        """Yield the lines of trees with the statistics of their tasks."""
        statistics = {task["task_id"]: task for task in tasks}
        for position, root in enumerate(roots):
            if position:
                yield Text("")
            task = statistics.get(root.span.attributes.get("task_id", ""))
            yield from self._head(root, task)
            yield self._titles()
            axis = root.start, max(node.end for node in _walk(root))
            yield from self._tree(root, axis)

    def _head(self, root: Node, task: Mapping[str, Any] | None) -> Iterator[Text]:
        yield Text.assemble((root.title, "bold"), "  ", (f"trace {root.span.trace_id}", "dim"))
        began = f"began {time_text(root.start // 1000)}"
        lasted = duration_text(root.end - root.start)
        if task is None:
            yield Text(f"{began}, {lasted}")
            return
        wait = wait_text(task, root.end // 1000)
        running = f"waiting for {wait}, running for {lasted}" if wait else f"running for {lasted}"
        status = running if root.running else f"{task['status']} in {lasted}"
        steps = f"{task['completed_steps']} of {task['total_steps']} steps complete"
        counts = [
            f"{task[name]} {label}"
            for name, label in (("failed_steps", "failed"), ("pending_steps", "pending"), ("retries", "retried"))
        ]
        yield Text(", ".join([f"{status}", began, steps, *(count for count in counts if count[0] != "0")]))
        children = [(child.start, child.end) for child in root.children if child.start < child.end]
        idle = idle_time(root.start, root.end, children)
        facts = []
        if path := task.get("critical_path"):
            facts.append(
                f"critical path {self._arrow().join(path)} ({duration_text(round(task['critical_path_s'] * _SECOND))})"
            )
        if task.get("longest_step"):
            facts.append(
                f"longest step {task['longest_step']} ({duration_text(round(task['longest_step_s'] * _SECOND))})"
            )
        if children and idle > _LONGEST_WORTH_TELLING:
            facts.append(f"no step ran for {duration_text(idle)}")
        if facts:
            yield Text("; ".join(facts))

    def _arrow(self) -> str:
        return " → " if self._signs else " > "

    def _titles(self) -> Text:
        wait = f"{'wait':>9}" if self._with_wait else ""
        return Text(f"{'offset':>13}{'duration':>11}{wait}", style="dim")

    def _tree(self, root: Node, axis: tuple[int, int]) -> Iterator[Text]:
        pending: list[tuple[Node, str, str]] = [(root, "", "")]
        while pending:  # no recursion, however deep spans nest
            node, lead, below = pending.pop()
            yield self._line(node, lead, axis)
            yield from self._detail_lines(node, below)
            last = len(node.children) - 1
            branches = ("├─ ", "└─ ", "│  ") if self._signs else ("|- ", "`- ", "|  ")
            for position in range(last, -1, -1):
                end = position == last
                pending.append(
                    (node.children[position], below + branches[end], below + ("   " if end else branches[2]))
                )

    def _line(self, node: Node, lead: str, axis: tuple[int, int]) -> Text:
        duration = duration_text(node.end - node.start)
        line = Text(f"{offset_text(node.start - axis[0]):>13}", style="dim")
        line.append(f"{duration:>11}", "yellow" if node.running else "cyan")
        if self._with_wait:
            line.append(f"{duration_text(node.wait) if node.wait >= _LONGEST_WORTH_TELLING else '':>9}", "dim")
        line.append("  ")
        if self._bar:
            line.append(self._draw_bar(node, axis), _colour(node))
            line.append("  ")
        line.append(lead, "dim")
        line.append(self._mark(node), _colour(node))
        line.append(" ")
        line.append(node.title, "bold" if node.critical or not lead else "")
        line.append(self._remarks(node), "dim" if not node.failed else "red")
        return line

    def _remarks(self, node: Node) -> str:
        remarks = [f" \u00d7{node.count:,}" if self._signs else f" x{node.count:,}"] if node.count > 1 else []
        if node.count > 1:
            remarks += [f" {node.failed:,} failed"] if node.failed else []
            remarks += [f" {node.running:,} running"] if node.running else []
        elif node.running:
            remarks.append(" running")
        if node.span.attributes.get("tasker.abandoned"):
            remarks.append(" abandoned")
        if node.critical:
            remarks.append(" ★" if self._signs else " *")
        return ",".join(remarks).replace(", ★", " ★").replace(", *", " *")

    def _mark(self, node: Node) -> str:
        if node.failed:
            return "✘" if self._signs else "x"
        if node.running:
            return "▸" if self._signs else ">"
        if node.span.status == OK:
            return "✔" if self._signs else "ok"
        return "•" if self._signs else "-"

    def _draw_bar(self, node: Node, axis: tuple[int, int]) -> str:
        length = max(axis[1] - axis[0], 1)
        first = min(self._bar - 1, (node.start - axis[0]) * self._bar // length)
        last = max(first + 1, min(self._bar, -((axis[0] - node.end) * self._bar // length)))
        full, empty = ("━", " ") if self._signs else ("=", " ")
        return empty * first + full * (last - first) + empty * (self._bar - last)

    def _detail_lines(self, node: Node, below: str) -> Iterator[Text]:
        """Yield the lines below a span's own: its errors, and details if there are any."""
        margin = " " * (24 + 9 * self._with_wait + 2 + (self._bar + 2 if self._bar else 0)) + below
        guide = margin + ("│ " if self._signs else "| ") if node.children else margin + "  "
        for error in node.errors:
            for text in self._error_lines(error):
                yield Text(guide + text, style="red")
        if node.count == 1:
            for name, text in self._details.get(node.span.span_id, ()):
                for position, part in enumerate(text.splitlines() or [""]):
                    yield Text(f"{guide}{name + ': ' if not position else '  '}{part}", style="dim")

    def _error_lines(self, error: str) -> list[str]:
        texts = error.splitlines() or [""]
        hidden = len(texts) - _ERROR_LINES
        return texts if self._details or hidden <= 1 else [*texts[:_ERROR_LINES], f"({hidden} more lines: -v)"]


def summary_line(shown: Sequence[Node], everything: Sequence[Node]) -> str | None:
    """Return a sentence about spans that have no line; None if all have."""
    visible, total = count_nodes(shown), count_nodes(everything)
    if visible >= total:
        return None
    return f"{total:,} spans in {visible:,} lines; --all shows each"


def _colour(node: Node) -> str:
    if node.failed:
        return "red"
    return "yellow" if node.running else "green"


def _walk(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending += node.children
