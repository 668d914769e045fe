"""Rows for spans that overlap: on each lane every span lies beside or inside the others."""

from collections.abc import Sequence

from tasker_consumers.trace_view.tree import Node


def lanes_of(nodes: Sequence[Node]) -> list[int]:
    """Return a lane for each node, from 0, such that no two nodes of a lane overlap; `nodes` are sorted by start.

    >>> from types import SimpleNamespace as N
    >>> lanes_of([N(start=0, end=5), N(start=1, end=3), N(start=4, end=6), N(start=5, end=7)])
    [0, 1, 1, 0]
    """
    ends: list[int] = []
    lanes = []
    for node in nodes:
        lane = next((number for number, end in enumerate(ends) if end <= node.start), len(ends))
        ends[lane : lane + 1] = [max(node.end, node.start)]
        lanes.append(lane)
    return lanes
