"""The spans of a task as a tree that a person reads."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.text import Text
from rich.tree import Tree

from tasker_consumers.telemetry.export.exporter import ExportResult, LocalExporter
from tasker_consumers.telemetry.spans.span import ERROR, OK, Span

_MARK = {OK: ("✔", "green"), ERROR: ("✘", "red")}
_SECOND, _MILLISECOND = 1_000_000_000, 1_000_000
_SHOWN = ("total_steps", "completed_steps", "failed_steps", "tasker.abandoned", "tasker.trace.derived")


def render_trace(spans: Sequence[Span]) -> Tree:
    """Return the tree of traces: each span with its duration, and errors below the span they ended.

    A span whose parent is not among them stands at the top.
    """
    by_id = {span.span_id: span for span in spans}
    children: dict[str | None, list[Span]] = {}
    for span in sorted(by_id.values(), key=lambda span: (span.start, -span.end, span.span_id)):
        parent = span.parent_span_id if span.parent_span_id in by_id else None
        children.setdefault(parent, []).append(span)
    roots = children.get(None, [])
    tree = Tree(_label(roots[0]) if len(roots) == 1 else Text(f"{len(roots)} traces"))
    pending = [(tree, root) for root in roots]
    for branch, span in pending:  # grows while it is walked: no recursion, however deep spans nest
        node = branch if len(roots) == 1 and span is roots[0] else branch.add(_label(span))
        _add_errors(node, span)
        pending += [(node, child) for child in children.get(span.span_id, [])]
    return tree


def duration_text(nanoseconds: int) -> str:
    """Return a duration as a person says it.

    >>> duration_text(200_000_000), duration_text(2_340_000_000), duration_text(17_000)
    ('200.0 ms', '2.34 s', '17 µs')
    """
    if nanoseconds >= _SECOND:
        return f"{nanoseconds / _SECOND:.2f} s"
    if nanoseconds >= _MILLISECOND:
        return f"{nanoseconds / _MILLISECOND:.1f} ms"
    return f"{nanoseconds // 1000} µs"


class ConsoleExporter(LocalExporter):
    """Prints the spans that ended together, as trees; the tree of a whole task is `tasker trace`'s."""

    description = "console"

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()

    async def export(self, items: Sequence[Span]) -> ExportResult[Span]:
        """See `Exporter`."""
        for trace in _by_trace(items):
            self._console.print(render_trace(trace))
        return ExportResult(len(items))


def _by_trace(spans: Iterable[Span]) -> Iterable[list[Span]]:
    traces: dict[str, list[Span]] = {}
    for span in spans:
        traces.setdefault(span.trace_id, []).append(span)
    return traces.values()


def _label(span: Span) -> Text:
    mark, colour = _MARK.get(span.status, ("•", "yellow"))
    label = Text.assemble((f"{mark} ", colour), (span.name, "bold"))
    if "step_id" in span.attributes:
        label.append(f" (step: {span.attributes.get('step_name', span.attributes['step_id'])})")
    elif span.parent_span_id is None:
        label.append(f" (task_id: {span.attributes.get('task_id')})")
    attempt = span.attributes.get("attempt_number", 1)
    if attempt != 1:
        label.append(f" attempt {attempt}", "yellow")
    if span.end > span.start:
        label.append(f"  {duration_text(span.end - span.start)}", "cyan")
    shown = {name: span.attributes[name] for name in _SHOWN if name in span.attributes}
    if shown:
        label.append("  " + ", ".join(f"{name}: {value}" for name, value in shown.items()), "dim")
    return label


def _add_errors(node: Tree, span: Span) -> None:
    for event in span.events:
        if event.name == "exception":
            kind, message = event.attributes.get("exception.type"), event.attributes.get("exception.message", "")
            node.add(f"[red]{escape(f'{kind}: {message}' if kind else str(message))}[/red]")
