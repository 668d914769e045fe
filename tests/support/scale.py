"""How much of a long run a test does: `TEST_SCALE=50` makes hours of what is otherwise seconds."""

import os
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

SCALE = int(os.environ.get("TEST_SCALE", "1"))


def part_of(items: Sequence[Item], step: int) -> Sequence[Item]:
    """Return every `step`-th item, and all of them at that scale."""
    return items[:: max(1, step // SCALE)]
