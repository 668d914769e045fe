"""A reset of a Temporal run is a run of its own, in every order and in one file."""

from itertools import permutations
from typing import Any

import pytest

from tasker_consumers.importers.temporal.history import read
from tests.support.importers.imported import imported


def event(number: int, second: int, kind: str, **details: Any) -> dict[str, Any]:
    return {
        "eventId": str(number), "eventTime": f"2026-03-01T10:{second // 60:02d}:{second % 60:02d}Z", "eventType": kind,
        f"{kind[0].lower()}{kind[1:]}EventAttributes": details,
    }  # fmt: skip


OPENING = [
    event(1, 0, "WorkflowExecutionStarted", workflowType={"name": "Order"}, originalExecutionRunId="run-a"),
    event(2, 0, "WorkflowTaskScheduled"),
    event(3, 0, "WorkflowTaskStarted", scheduledEventId="2"),
]


def charge(second: int, end: str) -> list[dict[str, Any]]:
    return [
        event(5, second, "ActivityTaskScheduled", activityId="5", activityType={"name": "Charge"}),
        event(6, second + 1, "ActivityTaskStarted", scheduledEventId="5", attempt=1),
        event(7, second + 4, end, scheduledEventId="5", startedEventId="6"),
    ]


def reset(run_id: str, second: int, cause: str = "ResetWorkflow") -> dict[str, Any]:
    return event(4, second, "WorkflowTaskFailed", cause=cause, baseRunId="run-a", newRunId=run_id)


BASE = [*OPENING, event(4, 1, "WorkflowTaskCompleted"), *charge(1, "ActivityTaskFailed"),
        event(8, 6, "WorkflowExecutionTerminated")]  # fmt: skip
AGAIN = [*OPENING, reset("run-b", 400), *charge(401, "ActivityTaskCompleted"),
         event(8, 406, "WorkflowExecutionCompleted")]  # fmt: skip
OF_A_RESET = [*OPENING, reset("run-b", 400), {**reset("run-c", 500), "eventId": "5"},
              event(9, 501, "WorkflowExecutionCompleted")]  # fmt: skip


@pytest.mark.parametrize("files", [*permutations([{"events": BASE}, {"events": AGAIN}]), ([BASE, AGAIN],)])
def test_a_reset_and_its_base_are_two_tasks(files: tuple[Any, ...]) -> None:
    values = [{"events": history} for history in files[0]] if isinstance(files[0], list) else list(files)
    stats = imported(read, *values).stats
    counts = {key: (task["status"], task["total_steps"], task["completed_steps"], task["failed_steps"])
              for key, task in stats.items()}  # fmt: skip
    assert counts == {"run-a": ("cancelled", 1, 0, 1), "run-b": ("complete", 1, 1, 0)}


@pytest.mark.parametrize("cause", ["ResetWorkflow", "WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW"])
def test_a_reset_of_a_reset_has_the_last_id(cause: str) -> None:
    history = [*OF_A_RESET[:4], {**reset("run-c", 500, cause), "eventId": "5"}, OF_A_RESET[-1]]
    assert list(imported(read, {"events": history}).stats) == ["run-c"]


def test_a_failed_task_of_another_cause_changes_no_id() -> None:
    failed = reset("run-x", 2, "WorkflowWorkerUnhandledFailure")
    assert list(imported(read, {"events": [*OPENING, failed]}).stats) == ["run-a"]
