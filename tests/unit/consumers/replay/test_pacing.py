"""The speed of a replay, on a clock that only sleeping moves."""

from collections.abc import Sequence

import pytest

from tasker_consumers.replay.pacing import Pace, read_rate, read_speed
from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.errors import UsageError
from tests.support.replay_records import a_record


def times(pace: Pace, records: Sequence[StoredRecord]) -> list[float]:
    """Return the second in which each record goes on."""
    present = [100.0]

    def sleep(seconds: float) -> None:
        present[0] += seconds

    return [round(present[0] - 100, 6) for _ in pace.paced(records, lambda: present[0], sleep)]


def happened(*seconds: float | None) -> list[StoredRecord]:
    return [a_record(timestamp=None if second is None else round(second * 1000)) for second in seconds]


def test_without_limits_nothing_waits() -> None:
    assert times(Pace(), happened(1, 9, 5)) == [0, 0, 0]


def test_records_keep_the_distances_of_their_events() -> None:
    assert times(Pace(speed=1), happened(10, 11, 14.5)) == [0, 1, 4.5]
    assert times(Pace(speed=10), happened(10, 11, 14.5)) == [0, 0.1, 0.45]


def test_times_that_go_back_or_are_missing_do_not_wait() -> None:
    assert times(Pace(speed=1), happened(None, 10, 12, 11, None, 13)) == [0, 0, 2, 2, 2, 3]


def test_the_events_own_time_counts_where_a_header_tells_it() -> None:
    late = [a_record(headers=(("ce_time", f"2026-01-01T00:00:0{n}Z".encode()),)) for n in (1, 3)]
    assert times(Pace(speed=1), late) == [0, 2]


def test_a_rate_spreads_records_and_the_slower_limit_counts() -> None:
    assert times(Pace(rate=4), happened(1, 1, 1)) == [0, 0.25, 0.5]
    assert times(Pace(speed=1, rate=4), happened(1, 1, 3)) == [0, 0.25, 2]


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "inf", ""])
def test_other_words_are_no_speed_and_no_rate(text: str) -> None:
    with pytest.raises(UsageError, match="--speed is"):
        read_speed(text)
    with pytest.raises(UsageError, match="--at-most is"):
        read_rate(text)
    assert (read_rate("200/s"), read_speed("max")) == (200.0, None)
