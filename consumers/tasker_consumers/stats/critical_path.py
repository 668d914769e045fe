"""The longest way through a task: the chain of steps, each depending on the one before, that took the most time.

A step weighs its `Figures.time`, wall time from its first start to its last end; a step never seen weighs nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple


class Node(NamedTuple):
    """A step in the graph of its task; microseconds, None is unknown."""

    step_id: str
    time: int | None
    depends_on: Collection[str] | None


class Path(NamedTuple):
    """A chain of steps and its time in microseconds."""

    steps: list[str]
    time: int


class _End(NamedTuple):
    """The best chain that ends with a step; the least is the best."""

    time: int  # negative
    length: int
    step_id: str
    before: str | None


def critical_path(nodes: Iterable[Node]) -> Path | None:
    """Return the chain with the largest time; None if no step told what it depends on, or if they depend on each other.

    Of equal chains the shorter one is taken, then the first in the alphabet, so that the answer never depends on order.

    >>> critical_path([Node("pack", 3, ["order"]), Node("order", 2, []), Node("bill", 1, ["order"])])
    Path(steps=['order', 'pack'], time=5)
    """
    times: dict[str, int] = {}
    needs: dict[str, Collection[str]] = {}
    ordered = False
    for step_id, time, depends_on in nodes:
        times[step_id] = time or 0
        needs[step_id] = depends_on or ()
        ordered = ordered or depends_on is not None
    ends = _ends(times, needs) if ordered else {}
    if not ends or len(ends) < len(times):  # steps in a ring never get an end
        return None
    end = min(ends.values())
    chain = [end.step_id]
    while (before := ends[chain[-1]].before) is not None:
        chain.append(before)
    return Path(chain[::-1], -end.time)


def _ends(times: dict[str, int], needs: dict[str, Collection[str]]) -> dict[str, _End]:
    """Return for each step the best chain that ends with it."""
    followers: defaultdict[str, list[str]] = defaultdict(list)
    missing: dict[str, int] = {}
    present = {step_id: [other for other in before if other in times] for step_id, before in needs.items()}
    for step_id, before in present.items():
        missing[step_id] = len(before)
        for other in before:
            followers[other].append(step_id)
    ready = [step_id for step_id, count in missing.items() if not count]
    ends: dict[str, _End] = {}
    while ready:
        step_id = ready.pop()
        before = present[step_id]
        time, length, last, _ = min([ends[other] for other in before]) if before else (0, 0, None, None)
        ends[step_id] = _End(time - times[step_id], length + 1, step_id, last)
        for follower in followers[step_id]:
            missing[follower] -= 1
            if not missing[follower]:
                ready.append(follower)
    return ends
