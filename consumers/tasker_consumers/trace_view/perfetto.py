"""A run in the Trace Event Format, which Perfetto and Chrome's tracing page open."""

from collections.abc import Sequence
from typing import Any

from tasker_consumers.trace_view.lanes import lanes_of
from tasker_consumers.trace_view.tree import Node

_MICROS = 1_000


def trace_events(roots: Sequence[Node]) -> dict[str, Any]:
    """Return complete events (`ph: X`, times in microseconds), a process per task and a thread per lane.

    Spans of the same thread never overlap each other partly: Perfetto refuses to draw such spans.
    """
    events: list[dict[str, Any]] = []
    pending = list(roots)
    process = 0
    while pending:
        task = pending.pop(0)
        process += 1
        events.append({"ph": "M", "pid": process, "tid": 0, "name": "process_name", "args": {"name": task.title}})
        events.append(_event(task, process, 0))
        steps = [child for child in task.children if not child.children]
        for child, lane in zip(steps, lanes_of(steps), strict=True):
            events.append(_event(child, process, lane + 1))
        pending += [child for child in task.children if child.children]
    return {"displayTimeUnit": "ms", "traceEvents": events}


def _event(node: Node, process: int, thread: int) -> dict[str, Any]:
    return {
        "ph": "X",
        "pid": process,
        "tid": thread,
        "name": node.title,
        "cat": "task" if thread == 0 else "step",
        "ts": node.start / _MICROS,
        "dur": (node.end - node.start) / _MICROS,
        "args": {**node.span.attributes, "status": node.span.status, "errors": "; ".join(node.errors)},
    }
