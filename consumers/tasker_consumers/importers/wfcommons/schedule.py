"""When the steps of a graph run, if each starts as soon as its last parent has ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


class GraphCycle(Exception):
    """Steps that wait for each other for ever; `members` are the positions of those on one cycle, in its order."""

    def __init__(self, members: list[int]) -> None:
        super().__init__(f"a cycle of {len(members)} steps")
        self.members = members


@dataclass(frozen=True, slots=True)
class Slot:
    """One step's place in a schedule: its position in the input, and seconds since the first step's start."""

    position: int
    start: Decimal
    end: Decimal


def schedule(durations: Sequence[Decimal], parents: Sequence[Sequence[int]]) -> list[Slot]:
    """Return a slot for each step, parents before their children, without any limit on parallelism.

    `parents` holds positions. Seconds are added up exactly, so that rounding a slot's ends later cannot drift.

    >>> [int(slot.start) for slot in schedule([Decimal(2), Decimal(3), Decimal(1)], [[], [0], [0, 1]])]
    [0, 2, 5]

    Raises GraphCycle.
    """
    children: list[list[int]] = [[] for _ in durations]
    waiting_for = [len(set(above)) for above in parents]
    for position, above in enumerate(parents):
        for parent in set(above):
            children[parent].append(position)
    starts = [Decimal(0)] * len(durations)
    ready = [position for position, count in enumerate(waiting_for) if count == 0]
    slots = []
    for position in ready:  # grows while it is read
        end = starts[position] + durations[position]
        slots.append(Slot(position, starts[position], end))
        for child in children[position]:
            starts[child] = max(starts[child], end)
            waiting_for[child] -= 1
            if waiting_for[child] == 0:
                ready.append(child)
    if len(slots) < len(durations):
        raise GraphCycle(_cycle(parents, {position for position, count in enumerate(waiting_for) if count}))
    return slots


def _cycle(parents: Sequence[Sequence[int]], stuck: set[int]) -> list[int]:
    """Return one cycle: among stuck steps each has a stuck parent, so walking up must come back."""
    seen: dict[int, int] = {}
    walk: list[int] = []
    position = min(stuck)
    while position not in seen:
        seen[position] = len(walk)
        walk.append(position)
        position = next(parent for parent in parents[position] if parent in stuck)
    return walk[seen[position] :]
