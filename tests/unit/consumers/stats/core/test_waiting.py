"""What a task waits for: the fold of waiting events, in any order."""

from typing import Any

import pytest

from tasker_consumers.stats.core.fold import recompute
from tasker_schemas.names import ObservabilityEvents as Observed
from tasker_schemas.names import State, StepEvents, TaskEvents, WorkflowEvents
from tasker_schemas.waiting import UNKNOWN_REASON
from tests.support.stats.histories import SECOND, T0, attempt, event, large_task, waiting_for

START = event(TaskEvents.START_REQUESTED, 0)
APPROVAL = event(Observed.Task.WAITING, 5, attributes=waiting_for("approval", until=99))
PAY = {"step_id": "pay", "attempt_number": 1}
PAYING = event(StepEvents.HANDLE, 1, **PAY)
BANK = event(Observed.Step.WAITING, 5, attributes=waiting_for("bank"), **PAY)
NOTHING_WAITS = (None, None, None, None)


def stats_of(*told: dict[str, Any]) -> dict[str, Any]:
    return recompute(told)[told[0]["task_id"]]


def waiting_of(*told: dict[str, Any]) -> tuple[Any, ...]:
    result = stats_of(*told)
    return tuple(result[name] for name in ("waiting_for", "waiting_since", "waiting_until", "waiting_step"))


def test_a_task_waits_for_what_it_says_and_stays_in_progress() -> None:
    assert waiting_of(START, APPROVAL) == ("approval", T0 + 5 * SECOND, T0 + 99 * SECOND, None)
    assert stats_of(START, APPROVAL)["status"] is State.IN_PROGRESS


@pytest.mark.parametrize(
    "later",
    [
        event(StepEvents.HANDLE, 6, **PAY),
        event(WorkflowEvents.TASK_STARTED, 6),
        event(TaskEvents.COMPLETED, 6),
        event(TaskEvents.CANCELLED, 4),
    ],
)
def test_the_wait_of_a_task_ends_with_any_later_event_and_with_its_end(later: dict[str, Any]) -> None:
    assert waiting_of(START, APPROVAL, later) == waiting_of(later, APPROVAL, START) == NOTHING_WAITS


def test_a_late_event_from_before_a_wait_does_not_end_it() -> None:
    assert waiting_of(APPROVAL, event(StepEvents.HANDLE, 4, **PAY), START)[0] == "approval"


def test_the_wait_of_a_step_lasts_while_other_steps_go_on() -> None:
    told = [START, PAYING, BANK, *attempt("pack", 6, 8), event(Observed.Step.HEARTBEAT, 9, step_id="ship")]
    assert waiting_of(*told) == waiting_of(*told[::-1]) == ("bank", T0 + 5 * SECOND, None, "pay")


@pytest.mark.parametrize(
    "later",
    [
        event(StepEvents.COMPLETED, 6, **PAY),
        event(StepEvents.FAILED, 4, **PAY),
        event(StepEvents.RETRY_REQUESTED, 6, step_id="pay", attempt_number=2),
        event(Observed.Step.HEARTBEAT, 6, **PAY),
        event(TaskEvents.FAILED, 9),
    ],
)
def test_the_wait_of_a_step_ends_when_the_step_goes_on_or_ends(later: dict[str, Any]) -> None:
    told = [START, PAYING, BANK, later]
    assert waiting_of(*told) == waiting_of(*told[::-1]) == NOTHING_WAITS


def test_of_several_waits_that_has_lasted_longest_is_shown() -> None:
    timer = event(Observed.Step.WAITING, 7, step_id="ship", attributes=waiting_for("timer"))
    assert waiting_of(START, timer, BANK, PAYING)[0] == "bank"
    assert waiting_of(START, timer, BANK, event(StepEvents.COMPLETED, 8, **PAY))[0] == "timer"


def test_a_step_of_a_large_task_waits_like_any_other() -> None:
    told = [*large_task(300)[:-1], event(Observed.Step.WAITING, 999, "large", step_id="s7", attempt_number=2)]
    assert waiting_of(*told) == (UNKNOWN_REASON, T0 + 999 * SECOND, None, "s7")
    assert waiting_of(*told, event(StepEvents.COMPLETED, 1000, "large", step_id="s7", attempt_number=2))[0] is None
