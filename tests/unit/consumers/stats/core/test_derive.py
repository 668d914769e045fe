"""Statistics derived from a state: whatever the steps are called, the record fits into its topic."""

import pytest

from tasker_consumers.stats.core.derive import contribution_of_state, derive_stats, is_settled
from tasker_consumers.stats.core.fold import fold
from tasker_consumers.stats.core.state import TaskState
from tasker_schemas.avro.codec import encode
from tasker_schemas.avro.versions import TASK_STATS
from tasker_schemas.names import StepEvents, TaskEvents
from tests.support.stats.histories import event, large_task, order_processing


def state_of(*events: dict[str, object]) -> TaskState:
    state: TaskState | None = None
    for told in events:
        state = fold(state, told)
    assert state is not None
    return state


@pytest.mark.parametrize("letter", ["s", "é", "日"])
def test_a_critical_path_that_is_too_long_for_its_record_is_cut_visibly(letter: str) -> None:
    names = {f"s{n}": f"{n}".rjust(300, letter) for n in range(2000)}
    events = [
        {
            **told,
            **({"step_id": names[told["step_id"]]} if "step_id" in told else {}),
            **({"depends_on": [names[step] for step in told["depends_on"]]} if told.get("depends_on") else {}),
        }
        for told in large_task(2000)
    ]
    stats = derive_stats(state_of(*events))
    assert len(encode(TASK_STATS, stats)) < 1_000_000
    *steps, rest = stats["critical_path"]
    assert rest == f"… and {2000 - len(steps)} more"
    assert stats["critical_path_s"] == 2000


def test_damaged_numbers_do_not_stop_the_output() -> None:
    times = {"attempt_number": 2**31 - 1, "started_at": -(2**62)}
    told = [event(StepEvents.COMPLETED, 0, step_id=step_id, **times) for step_id in "ab"]
    start = event(TaskEvents.START_REQUESTED, 0, started_at=-(2**62))
    assert encode(TASK_STATS, derive_stats(state_of(*told, start)))


def test_a_task_is_settled_when_it_is_over_and_all_its_steps_have_ended() -> None:
    whole = order_processing()
    assert is_settled(state_of(*whole))
    assert not is_settled(state_of(*whole[:-1]))
    assert not is_settled(state_of(*whole[:-3], whole[-1]))
    assert not is_settled(state_of(*whole[:-1], event("task.failed", 9)))


def test_a_task_that_is_not_over_contributes_to_no_window() -> None:
    assert contribution_of_state(state_of(*order_processing()[:-1])) is None
