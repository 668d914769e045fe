"""Statistics asked over HTTP on a real Kafka: any worker answers, whoever holds the task, and never with half of it."""

import json
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.partitioner import partition_of
from tasker_consumers.stats.core.fold import recompute
from tests.support.processes import eventually
from tests.support.stats.arena import StatsArena
from tests.support.stats.group import TASKS, Group, asked, group, partitions_of, publish_tasks, start_group
from tests.support.stats.histories import order_processing
from tests.support.worker_process import WorkerProcess

__all__ = ["group"]


def path_of(task_id: str) -> str:
    return f"/tasks/{quote(task_id, safe='')}"


def ids(page: Any) -> list[str]:
    return [stats["task_id"] for stats in page["tasks"]]


def test_any_worker_answers_for_any_task_what_the_topic_says(group: Group) -> None:
    for worker in group.workers:
        assert {id_: asked(worker, path_of(id_)) for id_ in TASKS} == {
            id_: (200, stats) for id_, stats in group.expected.items()
        }


def test_a_list_has_each_task_of_all_workers_once_the_latest_first(group: Group) -> None:
    order = sorted(TASKS, key=lambda id_: (-group.expected[id_]["last_event_at"], id_))
    wanted = {"tasks": [group.expected[id_] for id_ in order], "next": None}
    assert [asked(worker, "/tasks") for worker in group.workers] == [(200, wanted)] * 3


def test_a_long_list_is_read_page_by_page_to_its_end(group: Group) -> None:
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        _, page = asked(group.workers[len(found) % 3], f"/tasks?limit=7&after={after}")
        found, after = found + ids(page), page["next"]
    assert found == ids(asked(group.workers[0], "/tasks")[1])


@pytest.mark.parametrize(
    ("query", "status"),
    [("status=complete,error", "complete"), ("status=in_progress&name=order_processing", "in_progress")],
)
def test_a_list_can_be_of_one_name_and_one_status(group: Group, query: str, status: str) -> None:
    _, page = asked(group.workers[0], f"/tasks?{query}&since=2020-01-01")
    assert sorted(ids(page)) == sorted(id_ for id_ in TASKS if group.expected[id_]["status"] == status)
    assert len(page["tasks"]) == 12


def test_windows_are_added_up_over_all_workers(group: Group) -> None:
    ended = [stats for stats in group.expected.values() if stats["status"] == "complete"]
    for worker in group.workers:
        status, page = asked(worker, "/windows?name=order_processing")
        (hour,) = page["windows"]
        assert (status, page["next"], hour["window_s"], hour["kind"]) == (200, None, 3600, "task")
        assert (hour["count"], hour["complete"], hour["measured"]) == (len(ended),) * 3
        assert hour["duration_sum_s"] == sum(stats["duration_s"] for stats in ended)


def test_windows_of_steps_come_by_the_minute_as_well(group: Group) -> None:
    _, hours = asked(group.workers[0], "/windows?step=charge_step")
    _, minutes = asked(group.workers[1], "/windows?step=charge_step&length=minute")
    for page in (hours, minutes):
        assert {window["kind"] for window in page["windows"]} == {"step"}
        assert sum(window["count"] for window in page["windows"]) == 12
    assert asked(group.workers[2], "/windows?step=charge_step&since=1h") == (200, {"windows": [], "next": None})


def test_all_windows_are_read_page_by_page_the_latest_first(group: Group) -> None:
    found: list[Any] = []
    after: str | None = ""
    while after is not None:
        _, page = asked(group.workers[len(found) % 3], f"/windows?limit=2&length=minute&after={after}")
        found, after = found + page["windows"], page["next"]
    _, whole = asked(group.workers[0], "/windows?length=minute")
    assert found == whole["windows"]
    assert {window["kind"] for window in found} == {"task", "step"}
    assert [one["window_start"] for one in found] == sorted((one["window_start"] for one in found), reverse=True)


@pytest.mark.parametrize("query", ["name=other", "status=cancelled", "since=15m"])
def test_a_list_of_what_does_not_exist_is_empty(group: Group, query: str) -> None:
    assert asked(group.workers[1], f"/tasks?{query}") == (200, {"tasks": [], "next": None})


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("/tasks/nobody", 404, "'nobody'"),
        ("/tasks/nobody%00x", 404, "nobody"),
        ("/tasks/", 404, "/docs, /healthz"),
        ("/task", 404, "/tasks/{task_id}, /windows"),
        ("/tasks?stauts=complete", 400, "'stauts' is no parameter here; expected name, status"),
        ("/tasks?status=done", 400, "status is 'done'; expected some of unknown, pending"),
        ("/tasks?limit=0", 400, "limit is '0'; expected a whole number from 1 to 1000"),
        ("/tasks?since=soon", 400, "since is 'soon'; expected 2026-01-31T14:00"),
        ("/tasks?after=xyz", 400, "after is 'xyz'; expected `next`"),
        ("/tasks?name=a&name=b", 400, "name is given twice"),
        ("/windows?name=a&step=b", 400, "name and step are both given; expected one of them"),
        ("/windows?length=day", 400, "length is 'day'; expected minute or hour"),
    ],
)
def test_a_question_that_cannot_be_answered_is_told_why(group: Group, path: str, status: int, named: str) -> None:
    for worker in group.workers:
        found, answer = asked(worker, path)
        assert (found, list(answer)) == (status, ["error"])
        assert named in answer["error"]


def test_nothing_can_be_changed_over_http(group: Group) -> None:
    request = Request(group.workers[0].address() + "/tasks/1", data=b"{}", method="POST")
    with pytest.raises(HTTPError) as refused, urlopen(request):
        pass
    with refused.value as answer:
        assert (answer.code, answer.headers["Allow"]) == (405, "GET, HEAD")
        assert json.loads(answer.read()) == {"error": "POST is not for this page; expected GET, HEAD"}


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> StatsArena:
    return StatsArena(kafka.bootstrap_servers, topic_prefix, tmp_path)


def test_a_task_from_before_partitions_were_added_is_found_where_its_key_led_then(arena: StatsArena) -> None:
    task_id = next(id_ for id_ in map(str, range(99)) if partition_of(id_.encode(), 3) != partition_of(id_.encode(), 4))
    events = [{**event, "task_id": task_id} for event in order_processing()]
    arena.produce(events, partition=partition_of(task_id.encode(), 3))
    expected = recompute(events)
    with start_group(arena, 2) as workers:
        arena.wait_for(expected)
        for worker in workers:
            assert asked(worker, path_of(task_id)) == (200, expected[task_id])
            assert asked(worker, path_of("nobody"))[0] == 404


def all_answered(worker: WorkerProcess, expected: dict[str, Any]) -> bool:
    return all(asked(worker, path_of(id_)) == (200, stats) for id_, stats in expected.items())


def test_after_a_kill_the_answers_of_its_worker_come_from_another(arena: StatsArena) -> None:
    expected = publish_tasks(arena)
    with start_group(arena, 2) as (victim, other):
        assert eventually(lambda: all_answered(other, expected))
        victim.kill()
        status, answer = asked(other, "/tasks")
        assert (status, victim.address() in answer["error"]) == (503, True)
        assert {asked(other, path_of(id_))[0] for id_ in TASKS} == {200, 503}
        assert eventually(lambda: all_answered(other, expected))
        assert sorted(ids(asked(other, "/tasks")[1])) == sorted(TASKS)


def test_a_worker_that_was_stopped_for_long_gives_no_old_answer(arena: StatsArena) -> None:
    publish_tasks(arena)
    with start_group(arena, 2) as (victim, other):
        assert eventually(lambda: len(asked(other, "/tasks")[1].get("tasks", ())) == len(TASKS))
        victim.signal(signal.SIGSTOP)
        arena.produce([{**order_processing()[-1], "task_id": id_} for id_ in TASKS])
        assert eventually(lambda: len(asked(other, "/tasks?status=complete")[1].get("tasks", ())) == len(TASKS))
        victim.signal(signal.SIGCONT)
        for id_ in TASKS:
            status, answer = asked(victim, path_of(id_))
            assert status == 503 or answer["status"] == "complete"


def test_while_workers_come_and_go_an_answer_is_right_or_comes_later(arena: StatsArena) -> None:
    expected = publish_tasks(arena)
    with start_group(arena, 1) as (first,), ExitStack() as stack:
        assert eventually(lambda: all_answered(first, expected))
        second = stack.enter_context(arena.worker("second"))
        seen = list[int]()

        def shared() -> bool:
            for worker in (first, second) if second.said("Health and metrics at ") else (first,):
                status, answer = asked(worker, path_of(TASKS[len(seen) % len(TASKS)]))
                assert status in {200, 503}
                assert status == 503 or answer == expected[answer["task_id"]]
                seen.append(status)
            return partitions_of(first) == partitions_of(second) == 2

        assert eventually(shared)
    assert set(seen) == {200, 503}
