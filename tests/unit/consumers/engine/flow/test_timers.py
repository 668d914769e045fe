"""Each key's timer fires once, at the last time that was set."""

from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.engine.flow.timers import Timers


@given(st.lists(st.tuples(st.binary(max_size=1), st.integers(0, 9))), st.integers(0, 9))
def test_each_key_is_due_once_at_the_last_time_that_was_set(settings: list[tuple[bytes, int]], now: int) -> None:
    timers = Timers()
    for key, at in settings:
        timers.set({key: at})
    last = dict(settings)
    due = timers.pop_due(now)
    assert sorted(due) == sorted(key for key, at in last.items() if at <= now)
    assert set(timers.pop_due(10)) == last.keys() - set(due)
