"""Records of the statistics: every derived value can be written, and comes back from its bytes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core.contribution import OUTCOMES, Contribution
from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.stats.core.record import TASK, WINDOW, to_bytes
from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S, STEP, Window, WindowKey
from tasker_consumers.stats.core.windows import TASK as OF_TASKS
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.errors import UsageError
from tests.support.stats.histories import T0, histories, order_processing

contributions = st.builds(
    Contribution,
    st.just("order"),
    st.just(T0),
    st.sampled_from(sorted(OUTCOMES)),
    st.integers(0, 9),
    st.none() | st.integers(0, 10**12),
)
keys = st.builds(
    WindowKey, st.sampled_from([OF_TASKS, STEP]), st.text(max_size=9), st.sampled_from([MINUTE_S, HOUR_S]), st.just(T0)
)


def window_record(key: WindowKey, parts: list[Contribution]) -> dict[str, Any]:
    window = Window()
    for part in parts:
        window.add(part)
    return {**window.value(key, 7), "partition": 3}


@given(histories.filter(bool))
def test_statistics_come_back_from_their_record(history: list[tuple[dict[str, Any], Any]]) -> None:
    (stats,) = recompute([event for event, _ in history]).values()
    assert Decoder().decode(TASK, to_bytes(stats)) == stats


@given(keys, st.lists(contributions))
def test_a_window_comes_back_from_its_record(key: WindowKey, parts: list[Contribution]) -> None:
    value = window_record(key, parts)
    assert Decoder().decode(WINDOW, to_bytes(value, WINDOW)) == value


def test_statistics_are_the_record_unless_a_window_is_asked_for() -> None:
    (stats,) = recompute(order_processing()).values()
    assert (
        to_bytes(stats) == to_bytes(stats, TASK) != to_bytes(window_record(WindowKey("task", "", 60, T0), []), WINDOW)
    )


def test_statistics_without_their_task_make_no_record() -> None:
    (stats,) = recompute(order_processing()).values()
    with pytest.raises(UsageError, match="task_id"):
        to_bytes({**stats, "task_id": None})
