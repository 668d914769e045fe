"""The longest way through a task: the chain of steps, each depending on the one before, that took the most time.

A step weighs its `Figures.time`, wall time from its first start to its last end; a step never seen weighs nothing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Node:
    """A step in the graph of its task; microseconds, None is unknown."""

    step_id: str
    time: int | None
    depends_on: Collection[str] | None


class Path(NamedTuple):
    """A chain of steps and its time in microseconds."""

    steps: list[str]
    time: int


_End = tuple[int, int, str, str | None]
"""The best chain that ends with a step: its time, negative; its length, the step, the one before. The least is best."""


def critical_path(nodes: Iterable[Node]) -> Path | None:
    """Return the chain with the largest time; None if no step told what it depends on, or if they depend on each other.

    Of equal chains the shorter one is taken, then the first in the alphabet, so that the answer never depends on order.

    >>> critical_path([Node("pack", 3, ["order"]), Node("order", 2, []), Node("bill", 1, ["order"])])
    Path(steps=['order', 'pack'], time=5)
    """
    times: dict[str, int] = {}
    needs: dict[str, Collection[str]] = {}
    ordered = False
    for node in nodes:
        times[node.step_id] = node.time or 0
        needs[node.step_id] = node.depends_on or ()
        ordered = ordered or node.depends_on is not None
    ends = _ends(times, needs) if ordered else {}
    if not ends or len(ends) < len(times):  # steps in a ring never get an end
        return None
    time, _, last, before = min(ends.values())
    chain = [last]
    while before is not None:
        chain.append(before)
        before = ends[before][3]
    return Path(chain[::-1], -time)


def _ends(times: dict[str, int], needs: dict[str, Collection[str]]) -> dict[str, _End]:
    """Return for each step the best chain that ends with it."""
    followers: dict[str, list[str]] = {}
    missing: dict[str, int] = {}
    present: dict[str, list[str]] = {}
    ready: list[str] = []
    for step_id, wanted in needs.items():
        before = present[step_id] = [other for other in wanted if other in times]
        missing[step_id] = len(before)
        if not before:
            ready.append(step_id)
        for other in before:
            followers.setdefault(other, []).append(step_id)
    ends: dict[str, _End] = {}
    while ready:
        step_id = ready.pop()
        time, length, last = 0, 0, None
        if before := present[step_id]:
            time, length, last, _ = min([ends[other] for other in before])
        ends[step_id] = (time - times[step_id], length + 1, step_id, last)
        for follower in followers.get(step_id, ()):
            left = missing[follower] = missing[follower] - 1
            if not left:
                ready.append(follower)
    return ends
