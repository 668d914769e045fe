"""Delta debugging: the smallest part of a sequence that still fails (Zeller and Hildebrandt, 2002)."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

Item = TypeVar("Item")


def shrink(items: Sequence[Item], fails: Callable[[Sequence[Item]], bool]) -> list[Item]:
    """Return a part of the items, in their order, that fails, and that fails no more without any single item of it.

    `items` must fail. A part is never tried twice.

    >>> shrink(range(100), lambda part: 17 in part and 80 in part)
    [17, 80]
    """
    tried: dict[tuple[int, ...], bool] = {}

    def fails_at(indexes: Sequence[int]) -> bool:
        key = tuple(indexes)
        if key not in tried:
            tried[key] = fails([items[index] for index in key])
        return tried[key]

    remaining = list(range(len(items)))
    parts = 2
    while len(remaining) > 1:
        chunks = _split(remaining, parts)
        smaller = next((chunk for chunk in chunks if fails_at(chunk)), None)
        if smaller is not None:
            remaining, parts = smaller, 2
            continue
        complements = ([index for part in chunks if part is not chunk for index in part] for chunk in chunks)
        # Of two chunks each is the complement of the other.
        failing = next((complement for complement in complements if parts > 2 and fails_at(complement)), None)  # noqa: PLR2004
        if failing is not None:
            remaining, parts = failing, parts - 1
        elif parts >= len(remaining):
            break
        else:
            parts = min(len(remaining), 2 * parts)
    return [items[index] for index in remaining]


def _split(indexes: Sequence[int], parts: int) -> list[list[int]]:
    """Return the indexes in so many parts of nearly equal length."""
    bounds = [len(indexes) * number // parts for number in range(parts + 1)]
    return [list(indexes[start:end]) for start, end in pairwise(bounds)]
