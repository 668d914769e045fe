"""The join of values of which the least holds; None stands for unknown."""

from typing import TypeVar

T = TypeVar("T", int, str)


def least(a: T | None, b: T | None) -> T | None:
    """Return the smaller of two values, or the only known value.

    >>> least(3, None), least(3, 2)
    (3, 2)
    """
    if a is None or b is None:
        return b if a is None else a
    return min(b, a)
