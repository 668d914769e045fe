"""The schedule of a graph's steps: each starts when it is told to, else as soon as its last parent has ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


class GraphCycle(Exception):
    """Steps that wait for each other for ever; `members` are the positions of a cycle's steps, in its order."""

    def __init__(self, members: list[int]) -> None:
        super().__init__(f"a cycle of {len(members)} steps")
        self.members = members


@dataclass(frozen=True, slots=True)
class Slot:
    """A step's position in the input, with its start and end in seconds since the start of the whole."""

    position: int
    start: Decimal
    end: Decimal


def schedule(
    durations: Sequence[Decimal], parents: Sequence[Sequence[int]], starts: Sequence[Decimal | None] = ()
) -> list[Slot]:
    """Return a slot for each step, parents before their children, without any limit on parallelism.

    `parents` holds positions, `starts` the starts that are known. Seconds are added up exactly, so that rounding a
    slot's ends later cannot drift.

    >>> [int(slot.start) for slot in schedule([Decimal(2), Decimal(3), Decimal(1)], [[], [0], [0, 1]])]
    [0, 2, 5]
    >>> [int(slot.start) for slot in schedule([Decimal(2), Decimal(3)], [[], [0]], [Decimal(7), None])]
    [7, 9]

    Raises GraphCycle.
    """
    children: list[list[int]] = [[] for _ in durations]
    pending = [len(set(steps)) for steps in parents]
    for position, steps in enumerate(parents):
        for parent in set(steps):
            children[parent].append(position)
    earliest = [Decimal(0)] * len(durations)
    ready = [position for position, count in enumerate(pending) if count == 0]
    slots = []
    for position in ready:  # grows while it is read
        start = starts[position] if starts else None
        start = earliest[position] if start is None else start
        end = start + durations[position]
        slots.append(Slot(position, start, end))
        for child in children[position]:
            earliest[child] = max(earliest[child], end)
            pending[child] -= 1
            if pending[child] == 0:
                ready.append(child)
    if len(slots) < len(durations):
        raise GraphCycle(_cycle(parents, {position for position, count in enumerate(pending) if count}))
    return slots


def _cycle(parents: Sequence[Sequence[int]], stuck: set[int]) -> list[int]:
    """Return a cycle: among stuck steps each has a stuck parent, so walking up must come back."""
    visited: dict[int, int] = {}
    walk: list[int] = []
    position = min(stuck)
    while position not in visited:
        visited[position] = len(walk)
        walk.append(position)
        position = next(parent for parent in parents[position] if parent in stuck)
    return walk[visited[position] :]
