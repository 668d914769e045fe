"""A worker stands still when records arrive and nobody works at them; slow work, silence and control records do not."""

import pytest

from tasker_consumers.engine.flow.stall import Position, StallWatch

P = ("t.a", 0)
LIMIT_S = 60.0


def observed(*positions: Position | None, step_s: float = 40.0) -> list[str | None]:
    """Return the findings at these positions, with so many seconds between two of them."""
    now = 0.0
    watch, findings = StallWatch(LIMIT_S, lambda: now), list[str | None]()
    for position in positions:
        findings.append(watch.observe({} if position is None else {P: position}))
        now += step_s
    return findings


def test_records_that_arrive_while_none_is_taken_are_told_after_the_limit() -> None:
    growing = [Position(5, 10), Position(5, 20), Position(5, 30), Position(5, 40)]
    findings = observed(*growing, Position(40, 40), Position(40, 41))
    told = "t.a/0 stands still: 35 records wait, and none was taken for 80 s"
    assert findings == [None, None, None, told, None, None]


@pytest.mark.parametrize(
    "positions",
    [
        [Position(5, 10), Position(6, 40), Position(7, 80), Position(8, 160)],
        [Position(5, 10), Position(5, 20, held=True), Position(5, 30, held=True), Position(5, 40)],
        [Position(5, 6), Position(5, 6), Position(5, 6), Position(5, 6)],
        [Position(9, 9), Position(9, 9), Position(9, 9), Position(9, 12)],
        [Position(9, 10), Position(9, 10), Position(9, 10), Position(9, 12)],
        [Position(5, 10), None, Position(5, 30), Position(5, 40)],
        [Position(50, 0), Position(50, 10), Position(50, 20)],
    ],
    ids=[
        "slow",
        "held",
        "a control record at the end",
        "silent before",
        "silent but for a control record",
        "away meanwhile",
        "made anew",
    ],
)
def test_what_is_slow_held_silent_or_moved_does_not_stand_still(positions: list[Position | None]) -> None:
    assert set(observed(*positions)) == {None}
