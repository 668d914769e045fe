"""The parameters that several questions have."""

from typing import Any

import pytest
from hypothesis import given

from tasker_consumers.stats.core.derive import derive_stats
from tasker_consumers.stats.core.fold import fold
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.questions.parameters import has_status, status_parameter
from tasker_consumers.waits import STATUSES
from tasker_consumers.waits import has_status as has_status_in_record
from tests.support.stats.histories import histories


@given(histories.filter(bool))
def test_the_status_of_a_state_is_that_of_its_record(history: list[Any]) -> None:
    state: TaskState | None = None
    for told, headers in history:
        state = fold(state, told, headers)
        stats = derive_stats(state)
        for status in STATUSES:
            assert has_status(state, {status}) == has_status_in_record(stats, {status})


def test_a_status_that_no_task_has_is_refused() -> None:
    read = status_parameter().read
    assert read("waiting,error") == {"waiting", "error"}
    with pytest.raises(ValueError, match="broken"):
        read("broken")
