"""Which tasks `tasker tasks` lists."""

from typing import Any

import pytest

from tasker_consumers.cli.task_list.tasks import TaskFilter

TASKS: list[dict[str, Any]] = [
    {"task_id": "a", "task_name": "order", "status": "in_progress", "last_event_at": 3, "waiting_for": "approval"},
    {"task_id": "b", "task_name": "order", "status": "in_progress", "last_event_at": 2, "waiting_for": None},
    {"task_id": "c", "task_name": "order", "status": "abandoned", "last_event_at": 1, "waiting_for": "approval"},
]


@pytest.mark.parametrize(
    ("statuses", "ids"),
    [({"waiting"}, "a"), ({"in_progress"}, "ab"), ({"abandoned", "waiting"}, "ac"), (set(), "abc")],
)
def test_a_task_that_waits_is_listed_under_both_of_its_statuses(statuses: set[str], ids: str) -> None:
    listed = TaskFilter(frozenset(statuses), None, 0, 10).latest(TASKS)
    assert "".join(task["task_id"] for task in listed) == ids
