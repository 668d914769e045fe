"""A run as an HTML page that needs no network: a waterfall with a slider for the moment, by pointer and by keyboard.

The page makes elements for the visible rows only, so that it stays fluid with tens of thousands of spans. The slider
hides by time, nothing is folded again.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from tasker_consumers.strict_json import strict_json
from tasker_consumers.trace_view.details import span_details
from tasker_consumers.trace_view.rebuild import Run
from tasker_consumers.trace_view.tree import Node
from tasker_consumers.waits import shown_status

_OK, _FAILED, _RUNNING = 0, 1, 2
_PLACE = re.compile(r"\{\{([\w-]+)\}\}")


def render_page(run: Run, roots: Sequence[Node]) -> str:
    """Return the page as text; its content security policy allows its own script and style, and nothing else."""
    assets = files("tasker_consumers.trace_view") / "assets"
    script, waterfall, style, layout, frame = (
        (assets / name).read_text(encoding="utf-8")
        for name in ("waterfall.js", "waterfall.html", "waterfall.css", "page.css", "page.html")
    )
    style += layout
    title = ", ".join(root.title for root in roots[:3]) or "no spans"
    # Within a script element only `</script` and `<!--` mean anything: no `<` may come from an event.
    data = strict_json(page_data(run, roots)).replace("<", "\\u003c")
    parts = {
        "title": escape(title),
        "waterfall": waterfall,
        "script-hash": _hash(script),
        "style-hash": _hash(style),
        "style": style,
        "script": script,
        "data": data,
    }
    # In a single pass: a title may look like a place of the frame.
    return _PLACE.sub(lambda match: parts[match[1]], frame)


def page_data(
    run: Run, roots: Sequence[Node], *, with_details: bool = True, mask: Callable[[str], str] = str
) -> dict[str, Any]:
    """Return the rows of the page in the order of the tree, with times in microseconds from the first start.

    Without details each row has the id of its span in their place, and there are no heads of tasks. `mask` is applied
    to titles and errors.
    """
    details = span_details(run.spans(), run.payloads) if with_details else {}
    start = min((root.start for root in roots), default=0)
    rows: list[list[Any]] = []
    pending = [(root, -1) for root in reversed(roots)]
    while pending:
        node, parent = pending.pop()
        state = _FAILED if node.failed else _RUNNING if node.running else _OK
        times = [(moment - start) // 1000 for moment in (node.start, node.end)]
        span_id = node.span.span_id
        known = [list(pair) for pair in details.get(span_id, ())] if with_details else span_id
        errors = [mask(error) for error in node.errors]
        rows.append([parent, mask(node.title), *times, state, node.wait // 1000, int(node.critical), errors, known])
        pending += [(child, len(rows) - 1) for child in reversed(node.children)]
    heads = [_head(task) for task in run.tasks()] if with_details else []
    return {"startMs": start // 1_000_000, "tasks": heads, "rows": rows}


def _head(task: dict[str, Any]) -> str:
    steps = f"{task['completed_steps']} of {task['total_steps']} steps complete, {task['failed_steps']} failed"
    return f"{task['task_name'] or 'task'} {task['task_id']}: {shown_status(task)}, {steps}, trace {task['trace_id']}"


def _hash(content: str) -> str:
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"
