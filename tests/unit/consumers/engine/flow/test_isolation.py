"""Items that fail are found, and every other item is processed in its order."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.engine.flow.isolation import MOST_FAILURES_OF_A_KEY, process_or_isolate
from tasker_schemas.errors import BackendUnavailable

Item = tuple[int, int, bool]  # key, number, whether it fails


class Processing:
    """Takes all items or, if any of them fails, none."""

    def __init__(self) -> None:
        self.done: list[Item] = []
        self.calls = 0

    async def __call__(self, items: Sequence[Item]) -> None:
        self.calls += 1
        for item in items:
            if item[2]:
                raise ArithmeticError(item)
        self.done += items


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
async def test_exactly_the_items_that_fail_are_returned(rows: list[tuple[int, bool]]) -> None:
    items = [(key, number, fails) for number, (key, fails) in enumerate(rows)]
    processing = Processing()
    failures = await process_or_isolate(items, lambda item: item[0], processing)
    assert sorted(item[1] for item, _ in failures) == [number for _, number, fails in items if fails]
    assert processing.done == [item for item in items if not item[2]]


async def test_a_single_bad_item_costs_a_few_attempts() -> None:
    processing = Processing()
    items = [(number, number, number == 777) for number in range(32_000)]
    await process_or_isolate(items, lambda item: item[0], processing)
    assert processing.calls <= 32


async def test_a_key_that_fails_too_often_is_not_tried_any_more_and_others_are() -> None:
    processing = Processing()
    items = [(number % 2, number, number % 2 == 0) for number in range(2000)]
    failures = await process_or_isolate(items, lambda item: item[0], processing)
    assert len(failures) == len(processing.done) == 1000
    assert processing.calls < 30 * MOST_FAILURES_OF_A_KEY


async def test_a_fault_of_a_backend_is_raised() -> None:
    async def process(_: Sequence[Item]) -> None:
        raise BackendUnavailable("away")

    with pytest.raises(BackendUnavailable):
        await process_or_isolate([(0, 0, False)], lambda item: item[0], process)
