"""Spans as a tree of nodes with all that a line about them says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasker_consumers.telemetry.spans.span import ERROR, Span
from tasker_consumers.trace_view.timing import deciding_chain, end_of, is_running, wait_before


@dataclass(slots=True)
class Node:
    """One span, or several equal ones folded into it (`count`); times in nanoseconds."""

    span: Span
    title: str
    start: int
    end: int
    wait: int = 0
    critical: bool = False
    count: int = 1
    failed: int = 0
    running: int = 0
    errors: list[str] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)


def build_tree(spans: Sequence[Span], tasks: Sequence[Mapping[str, Any]], present: int) -> list[Node]:
    """Return the roots of the tree: tasks, and spans whose parent is not there; `present` in nanoseconds.

    Marks of a task's end are left out: the task itself says when it ended.
    """
    shown = [span for span in {span.span_id: span for span in spans}.values() if not _is_end_mark(span)]
    by_id = {span.span_id: span for span in shown}
    titles = _titles(shown)
    nodes: dict[str, Node] = {}
    roots: list[Node] = []
    order = sorted(shown, key=lambda span: (span.start, -span.end, _natural(span), span.span_id))
    for span in order:
        parent = by_id.get(span.parent_span_id or "")
        node = Node(span, titles[span.span_id], span.start, end_of(span, present))
        node.wait = wait_before(span, by_id, parent) if _is_step(span) else 0
        node.failed, node.running = int(span.status == ERROR), int(is_running(span))
        nodes[span.span_id] = node
    for span in order:
        parent_node = nodes.get(span.parent_span_id or "")
        (roots if parent_node is None else parent_node.children).append(nodes[span.span_id])
    _mark_critical(nodes.values(), tasks, present)
    _place_errors(roots)
    return roots


def _mark_critical(nodes: Any, tasks: Sequence[Mapping[str, Any]], present: int) -> None:
    """Mark the steps of each task's critical path; without dependencies, the chain of steps that decided the end."""
    paths = {task["task_id"]: task.get("critical_path") for task in tasks}
    for node in nodes:
        steps = [child for child in node.children if _is_step(child.span)]
        path = paths.get(node.span.attributes.get("task_id"))
        if not steps or _is_step(node.span):
            continue
        if path is not None:
            on_path = set(path)
            chosen = {child.span.span_id for child in steps if child.span.attributes.get("step_id") in on_path}
        else:
            chain = deciding_chain(node.start, node.end, [child.span for child in steps], present)
            chosen = {segment.span.span_id for segment in chain if segment.span is not None}
        for child in steps:
            child.critical = child.span.span_id in chosen


def _place_errors(roots: Sequence[Node]) -> None:
    """Give each error to the innermost span that reports it: a task repeats the error of the step that ended it."""
    pending, walk = list(roots), []
    while pending:  # no recursion, however deep spans nest
        node = pending.pop()
        walk.append(node)
        pending += node.children
    below: dict[int, set[str]] = {}
    for node in reversed(walk):
        reported: set[str] = set().union(*(below[id(child)] for child in node.children))
        node.errors = [error for error in dict.fromkeys(_errors_of(node.span)) if error not in reported]
        below[id(node)] = reported | set(node.errors)


def _errors_of(span: Span) -> list[str]:
    errors = []
    for event in span.events:
        if event.name == "exception":
            kind = event.attributes.get("exception.type")
            message = str(event.attributes.get("exception.message", ""))
            errors.append(": ".join(str(part) for part in (kind, message) if part))
    if not errors and span.status == ERROR and span.message:
        errors = [span.message]
    return errors


def _titles(spans: Sequence[Span]) -> dict[str, str]:
    """Return the title of each span: its name, its id where the name does not tell it apart, its attempt."""
    ids_of_name: dict[tuple[Any, Any], set[Any]] = {}
    for span in spans:
        attributes = span.attributes
        if _is_step(span):
            key = attributes.get("task_id"), attributes.get("step_name")
            ids_of_name.setdefault(key, set()).add(attributes["step_id"])
    return {span.span_id: _title(span, ids_of_name) for span in spans}


def _title(span: Span, ids_of_name: Mapping[tuple[Any, Any], set[Any]]) -> str:
    attributes = span.attributes
    if not _is_step(span):
        task_id, name = attributes.get("task_id"), attributes.get("task_name")
        if "task_id" not in attributes:
            return span.name
        return str(task_id) if name in (None, task_id) else f"{name} {task_id}"
    step_id, name = attributes["step_id"], attributes.get("step_name")
    title = str(name or step_id)
    if name and len(ids_of_name[attributes.get("task_id"), name]) > 1 and step_id != name:
        title += f" {step_id}"
    attempt = attributes.get("attempt_number", 1)
    return title if attempt == 1 else f"{title} attempt {attempt}"


def _natural(span: Span) -> tuple[str, int]:
    return str(span.attributes.get("step_id", "")), int(span.attributes.get("attempt_number", 0) or 0)  # type: ignore[arg-type]


def _is_step(span: Span) -> bool:
    return "step_id" in span.attributes


def _is_end_mark(span: Span) -> bool:
    return "completion_time" in span.attributes and span.start == span.end and not _is_step(span)
