"""Makes a tree smaller for the eye: only failed nodes, only the first levels, equal siblings in a single line."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from tasker_consumers.trace_view.tree import Node

#: So many siblings of the same name become a single line; if their names differ in numbers, more siblings are needed.
FOLD_FROM = 5
FOLD_NUMBERED_FROM = 20
#: So many failed siblings among them still have a line of their own.
FAILED_SHOWN = 10

_NUMBER = re.compile(r"\d+")


def only_failed(nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes that failed, and those above them."""
    failed_nodes = []
    for node in nodes:
        children = only_failed(node.children)
        if node.failed or node.errors or children:
            failed_nodes.append(replace(node, children=children))
    return failed_nodes


def only_depth(nodes: Sequence[Node], depth: int) -> list[Node]:
    """Return the nodes of the first levels; `depth` from 1. A node says how many are hidden below it."""
    if depth <= 1:
        return [replace(node, children=[], title=_with_hidden(node)) for node in nodes]
    return [replace(node, children=only_depth(node.children, depth - 1)) for node in nodes]


def fold_siblings(nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes; many siblings of the same name and without children are folded into a single node.

    A folded node lasts from the first start to the last end and counts the failed and the running; the first failed
    ones keep lines of their own behind it.
    """
    steps = [node for node in nodes if not node.children and "step_id" in node.span.attributes]
    folds = _groups(steps, _name_of, FOLD_FROM)
    single = [node for node in steps if id(node) not in folds]
    folds |= _groups(single, lambda node: _NUMBER.sub("#", _name_of(node)), FOLD_NUMBERED_FROM)
    folded: list[Node] = []
    for node in nodes:
        name, group = folds.get(id(node), ("", [node]))
        if len(group) == 1:
            folded.append(replace(node, children=fold_siblings(node.children)))
        elif node is group[0]:
            folded += _fold(name, group)
    return folded


def _groups(nodes: Sequence[Node], name_of: Callable[[Node], str], least: int) -> dict[int, tuple[str, list[Node]]]:
    """Return the name and the members of the group of each node that is in a group of at least so many."""
    groups: dict[str, list[Node]] = {}
    for node in nodes:
        groups.setdefault(name_of(node), []).append(node)
    large = [(name, group) for name, group in groups.items() if len(group) >= least]
    return {id(node): (name, group) for name, group in large for node in group}


def _fold(name: str, group: Sequence[Node]) -> list[Node]:
    first = group[0]
    failed = [node for node in group if node.failed]
    folded_node = replace(
        first,
        title=name,
        start=min(node.start for node in group),
        end=max(node.end for node in group),
        wait=max(node.wait for node in group),
        critical=any(node.critical for node in group),
        count=len(group),
        failed=len(failed),
        running=sum(node.running for node in group),
        errors=[],
    )
    return [folded_node, *failed[:FAILED_SHOWN]]


def _name_of(node: Node) -> str:
    attributes = node.span.attributes
    return str(attributes.get("step_name") or attributes.get("step_id") or node.title)


def _with_hidden(node: Node) -> str:
    hidden = count_nodes(node.children)
    return f"{node.title} (+{hidden:,} below)" if hidden else node.title


def count_nodes(nodes: Sequence[Node]) -> int:
    """Return how many nodes there are, with all below them."""
    pending, count = list(nodes), 0
    while pending:
        node = pending.pop()
        count += 1
        pending += node.children
    return count
