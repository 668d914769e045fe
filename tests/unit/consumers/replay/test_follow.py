"""The rate at which a follower prints."""

from tasker_consumers.replay.follow import RateLimit


def test_beyond_the_rate_events_are_counted_and_told_when_the_second_is_over() -> None:
    seconds = [0.0]
    limit = RateLimit(3, lambda: seconds[0])
    assert [limit.allows() for _ in range(5)] == [True, True, True, False, False]
    assert limit.take_skipped() == 0
    seconds[0] = 1.0
    assert (limit.take_skipped(), limit.take_skipped()) == (2, 0)
    assert limit.allows()
