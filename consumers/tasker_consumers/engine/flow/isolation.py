"""Finds the items that make a batch fail, by halving: the rest is processed in as large pieces as possible."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tasker_consumers.engine.flow.quarantine import is_record_fault

T = TypeVar("T")

#: Failures of a key in a batch after which its other items are not tried: each trial costs a write.
MOST_FAILURES_OF_A_KEY = 100


async def process_or_isolate(
    items: Sequence[T], key_of: Callable[[T], object], process: Callable[[Sequence[T]], Awaitable[None]]
) -> list[tuple[T, Exception]]:
    """Process all items, in their order, and return those that fail even alone, with the exception of each.

    `process` must do all of its items or none. An exception that is no record's fault is raised.
    """
    failures: list[tuple[T, Exception]] = []
    counts = Counter[object]()
    last: dict[object, Exception] = {}

    async def attempt(part: Sequence[T]) -> None:
        try:
            await process(part)
        except Exception as error:
            if not is_record_fault(error):
                raise
            await divide(part, error)

    async def divide(part: Sequence[T], error: Exception) -> None:
        if len(part) > 1:
            await attempt_rest(part[: len(part) // 2])
            await attempt_rest(part[len(part) // 2 :])
            return
        key = key_of(part[0])
        counts[key] += 1
        last[key] = error
        failures.append((part[0], error))

    async def attempt_rest(part: Sequence[T]) -> None:
        """Attempt a half, without the keys that failed too often."""
        skipped = [item for item in part if counts[key_of(item)] >= MOST_FAILURES_OF_A_KEY]
        failures.extend((item, last[key_of(item)]) for item in skipped)
        if len(skipped) < len(part):
            await attempt([item for item in part if counts[key_of(item)] < MOST_FAILURES_OF_A_KEY])

    await attempt(items)
    return failures
