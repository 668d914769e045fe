"""Positions of records as people write them."""

import pytest

from tasker_consumers.replay.position import Position, read_position
from tasker_schemas.errors import UsageError


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("3:120", Position(None, 3, 120)),
        ("step/3:120", Position("shop.events.step", 3, 120)),
        ("shop.events.task/0/7", Position("shop.events.task", 0, 7)),
        ("copies/0:7", Position("copies", 0, 7)),
    ],
)
def test_a_position_has_a_partition_an_offset_and_maybe_a_topic(text: str, position: Position) -> None:
    assert read_position(text, "shop") == position


@pytest.mark.parametrize("text", ["", "3", "3:", ":3", "3:-1", "a b/3:1", "step/x:1", "3:" + "9" * 30])
def test_anything_else_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="is no position; write PARTITION:OFFSET"):
        read_position(text, "shop")
