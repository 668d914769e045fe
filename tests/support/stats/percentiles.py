"""Percentiles by the rule of docs/schemas.md, on the sorted list of all values."""

from collections.abc import Sequence


def nearest_rank(values: Sequence[int], percent: int) -> int:
    """Return the value of rank `ceil(percent * count / 100)`; raises IndexError for no values."""
    rank = (percent * len(values) + 99) // 100
    return sorted(values)[max(rank, 1) - 1]
