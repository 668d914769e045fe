"""Airflow's answers: DAG runs, task instances, tries, mapped tasks, edges, pages."""

import json
from typing import Any

import pytest

from tasker_consumers.importers import HistoryFormat
from tests.support.importers.run_import import Files

RUN = {
    "dag_id": "etl", "dag_run_id": "scheduled__1", "state": "failed", "run_type": "scheduled",
    "queued_at": "2026-03-01T10:00:00Z", "start_date": "2026-03-01T10:00:01Z", "end_date": "2026-03-01T10:10:00Z",
}  # fmt: skip
TASK_ID = "airflow:etl:scheduled__1"


def instance(task: str, state: str | None, start: str | None, end: str | None, **more: Any) -> dict[str, Any]:
    day = "2026-03-01T10:"
    return {
        "dag_id": "etl", "dag_run_id": "scheduled__1", "task_id": task, "state": state, "try_number": 1, "max_tries": 2,
        "start_date": start and f"{day}{start}Z", "end_date": end and f"{day}{end}Z", "map_index": -1, **more,
    }  # fmt: skip


INSTANCES = [
    instance("extract", "success", "01:00", "02:00", operator="PythonOperator"),
    instance("load", "failed", "03:00", "05:00", try_number=3),
    instance("report", "upstream_failed", "05:01", "05:01"),
    instance("mapped", "success", "02:00", "02:30", map_index=0),
    instance("mapped", "success", "02:00", "02:40", map_index=1),
    instance("notify", None, None, None),
]
TASKS = {"tasks": [
    {"task_id": "extract", "downstream_task_ids": ["load", "mapped"]},
    {"task_id": "load", "downstream_task_ids": ["report"]},
    {"task_id": "mapped", "downstream_task_ids": ["report"]},
]}  # fmt: skip


def listed(*instances: Any, total: int | None = None) -> dict[str, Any]:
    return {"task_instances": list(instances), "total_entries": total or len(instances)}


def lines(*answers: Any) -> str:
    return "\n".join(map(json.dumps, answers))


def test_a_dag_run_is_a_task_and_its_instances_are_steps(files: Files) -> None:
    outcome = files.run(lines(RUN, listed(*INSTANCES)))
    assert outcome.report.imported[0].history_format == "airflow"
    task = outcome.stats()[TASK_ID]
    names = ("status", "duration_s", "total_steps", "completed_steps", "failed_steps", "cancelled_steps", "attempts")
    assert [task[name] for name in names] == ["error", 599.0, 6, 3, 1, 1, 7]
    assert {event["step_id"] for event in outcome.named("step.completed")} == {"extract", "mapped[0]", "mapped[1]"}
    (cancelled,) = outcome.named("step.cancelled")
    assert (cancelled["step_id"], cancelled["execution_duration"]) == ("report", None)


def test_the_tries_of_a_task_are_attempts(files: Files) -> None:
    last = instance("load", "success", "02:00", "03:00", try_number=2)
    tries = listed(instance("load", "failed", "01:00", "01:30", try_number=1), last)
    task = files.run(lines(RUN | {"state": "success"}, listed(last), tries)).stats()[TASK_ID]
    assert (task["attempts"], task["retries"], task["step_time_s"], task["completed_steps"]) == (2, 1, 90.0, 1)


def test_the_order_of_tasks_gives_edges(files: Files) -> None:
    edges = files.run(lines(RUN, listed(*INSTANCES), TASKS)).edges()
    assert edges == {
        (TASK_ID, "load"): {"extract"},
        (TASK_ID, "mapped[0]"): {"extract"},
        (TASK_ID, "mapped[1]"): {"extract"},
        (TASK_ID, "report"): {"load", "mapped[0]", "mapped[1]"},
    }


def test_instances_alone_last_from_the_first_to_the_last(files: Files) -> None:
    task = files.run(json.dumps(INSTANCES[:2])).stats()[TASK_ID]
    assert (task["status"], task["duration_s"]) == ("error", 240.0)


def test_pages_and_orders_change_nothing(files: Files) -> None:
    whole = files.run(lines(RUN, listed(*INSTANCES))).stats()
    pages = [listed(*INSTANCES[:4], total=6), listed(*INSTANCES[4:], total=6), RUN]
    assert files.run(json.dumps(pages)).stats() == whole
    assert files.run(lines(*reversed(pages))).stats() == whole


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ([listed(*INSTANCES[:2], total=6)], "task_instances: 2 of 6, fetch the other pages"),
        ([{"task_instances": INSTANCES[:1], "next_cursor": "abc"}], "next_cursor: more pages follow"),
        ([instance("a", "happy", None, None)], "state: expected a state of Airflow"),
        ([instance("a", "success", None, None)], "end_date: missing"),
        ([{"task_instances": []}], "the file: no DAG run and no task instance"),
        ([{"dag_run_id": "x"}], "dag_id: missing"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(files: Files, answers: Any, fault: str) -> None:
    (found,) = files.run(lines(*answers), history_format=HistoryFormat.AIRFLOW).faults
    assert found.startswith(f"file-0: {fault}")
