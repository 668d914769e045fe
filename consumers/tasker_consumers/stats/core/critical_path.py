"""The critical path of a task: the chain of steps, each depending on the step before, that takes the most time.

A step weighs its `Figures.time`, wall time from its first start to its last end; a step without events weighs nothing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from tasker_consumers.stats.core.steps import MAX_SUM


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


_Chain = tuple[int, int, str, str | None]
"""The best chain that ends with a step: negative time, length, the step, the step before. The least is best."""


def critical_path(nodes: Iterable[Node]) -> Path | None:
    """Return the chain with the largest time; None if no step names its dependencies, or if they form a ring.

    Of equal chains the shorter wins, then the first in the alphabet, so that the result never depends on order.

    >>> critical_path([Node("pack", 3, ["order"]), Node("order", 2, []), Node("bill", 1, ["order"])])
    Path(steps=['order', 'pack'], time=5)
    """
    times: dict[str, int] = {}
    dependencies: dict[str, Collection[str]] = {}
    ordered = False
    for node in nodes:
        times[node.step_id] = node.time or 0
        dependencies[node.step_id] = node.depends_on or ()
        ordered = ordered or node.depends_on is not None
    chains = _best_chains(times, dependencies) if ordered else {}
    if not chains or len(chains) < len(times):  # steps in a ring never get a chain
        return None
    time, _, last, previous = min(chains.values())
    steps = [last]
    while previous is not None:
        steps.append(previous)
        previous = chains[previous][3]
    return Path(steps[::-1], min(-time, MAX_SUM))


def _best_chains(times: dict[str, int], dependencies: dict[str, Collection[str]]) -> dict[str, _Chain]:
    """Return for each step the best chain that ends with it; most steps come behind those that they depend on."""
    chains: dict[str, _Chain] = {}
    followers: dict[str, list[str]] = {}
    unfinished: dict[str, int] = {}
    for step_id, named in dependencies.items():
        awaited = [step for step in named if step in times and step not in chains]
        if awaited:
            unfinished[step_id] = len(awaited)
            for step in awaited:
                followers.setdefault(step, []).append(step_id)
            continue
        ready = [step_id]
        while ready:
            finished = ready.pop()
            chains[finished] = _chain(finished, times[finished], dependencies[finished], chains)
            for follower in followers.get(finished, ()):
                remaining = unfinished[follower] = unfinished[follower] - 1
                if not remaining:
                    ready.append(follower)
    return chains


def _chain(step_id: str, step_time: int, named: Collection[str], chains: dict[str, _Chain]) -> _Chain:
    """Return the best chain that ends with a step; all steps that it depends on have theirs."""
    before = [chains[step] for step in named if step in chains]
    if not before:
        return -step_time, 1, step_id, None
    time, length, last, _ = min(before)
    return time - step_time, length + 1, step_id, last
