"""`tasker stats` asks the workers where it knows one, and reads the topics where none answers."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.stats.reading.view import with_iso_times
from tests.support.processes import eventually
from tests.support.stats.arena import StatsArena
from tests.support.stats.command import command, output
from tests.support.stats.group import TASKS, Group, asked, group, start_group
from tests.support.stats.histories import order_processing

__all__ = ["group"]
NO_KAFKA = {"KAFKA_BOOTSTRAP_SERVERS": ""}


@pytest.mark.parametrize("task_id", TASKS[:2])
def test_one_task_is_asked_of_any_worker_without_a_kafka(group: Group, task_id: str) -> None:
    for worker in group.workers:
        code, out, err = output(group.arena, task_id, "--json", "--from", worker.address(), **NO_KAFKA)
        assert (code, json.loads(out), err) == (0, with_iso_times(group.expected[task_id]), "")


def test_tasks_of_a_name_are_the_same_from_workers_and_topics(group: Group) -> None:
    arguments = ("--name", "order_processing", "--json")
    _, read, _ = output(group.arena, *arguments)
    code, told, err = output(group.arena, *arguments, TASKER_STATS_URL=group.workers[2].address(), **NO_KAFKA)
    assert (code, err) == (0, "")
    by_id = [{stats["task_id"]: stats for stats in json.loads(out)["tasks"]} for out in (read, told)]
    assert by_id == [{task_id: with_iso_times(stats) for task_id, stats in group.expected.items()}] * 2


@pytest.mark.parametrize("of", [("--name", "order_processing"), ("--step", "ship_step", "--by-minute")])
def test_windows_are_the_same_from_workers_and_topics(group: Group, of: tuple[str, ...]) -> None:
    def windows(*arguments: str) -> Any:
        return json.loads(output(group.arena, *of, "--json", *arguments)[1] or "{}").get("windows")

    told = windows("--from", group.workers[1].address())
    assert sum(window["count"] for window in told) == 12
    assert eventually(lambda: windows() == told)


def test_a_person_is_shown_the_tasks_that_go_on(group: Group) -> None:
    code, out, _ = output(group.arena, "--name", "order_processing", "--from", group.workers[0].address(), **NO_KAFKA)
    assert code == 0
    assert {id_ for id_ in TASKS if f"\n{id_} " in out} == {
        id_ for id_ in TASKS if group.expected[id_]["status"] == "in_progress"
    }


def test_a_task_that_no_worker_knows_is_not_looked_for_elsewhere(group: Group) -> None:
    code, out, err = output(group.arena, "nobody", "--from", group.workers[1].address(), **NO_KAFKA)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "no statistics of 'nobody' yet" in err


class Foreign(BaseHTTPRequestHandler):
    """A web server that is no worker of ours."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def foreign() -> Iterator[str]:
    """The address of a web server that is no worker."""
    with HTTPServer(("127.0.0.1", 0), Foreign) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_where_no_worker_answers_the_topic_is_read_and_one_line_says_so(group: Group, foreign: str) -> None:
    for address, why in (
        ("http://127.0.0.1:1", "no stats worker answers at http://127.0.0.1:1"),
        (foreign, f"what answers at {foreign} is no stats worker"),
    ):
        code, out, err = output(group.arena, TASKS[0], "--json", TASKER_STATS_URL=address)
        assert (code, json.loads(out), err.count("\n")) == (0, with_iso_times(group.expected[TASKS[0]]), 1)
        assert err.startswith(f"tasker: {why}")
        assert err.endswith("; reading the topic instead\n")


def test_an_address_that_is_none_is_one_line_and_exit_code_two(group: Group) -> None:
    code, _, err = output(group.arena, "42", "--from", "localhost:8081")
    assert (code, err) == (2, "tasker: 'localhost:8081' is no address; expected http://host:port of a stats worker\n")


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> StatsArena:
    return StatsArena(kafka.bootstrap_servers, topic_prefix, tmp_path)


def test_a_watched_task_is_followed_beyond_the_end_of_its_worker(arena: StatsArena) -> None:
    *told, end = order_processing()
    arena.produce(told[:4])
    with start_group(arena, 1) as (worker,):
        assert eventually(lambda: asked(worker, "/tasks/42")[0] == 200)
        with command(arena, "42", "--watch", "--json", "--from", worker.address()) as process:
            assert process.stdout is not None
            first = json.loads(process.stdout.readline())
            arena.produce(told[4:])
            second = json.loads(process.stdout.readline())
            assert worker.terminate() == 0
            arena.produce([end])
            with arena.worker("next"):
                last = [json.loads(line) for line in process.stdout][-1]
    assert [one["status"] for one in (first, second, last)] == ["in_progress", "in_progress", "complete"]
    assert first["completed_steps"] < second["completed_steps"] <= last["completed_steps"] == 4


def test_of_all_tasks_of_a_name_a_watcher_is_told_what_changed(arena: StatsArena) -> None:
    *told, end = order_processing()
    arena.produce([{**one, "task_id": f"t{n}"} for n in range(3) for one in told])
    with start_group(arena, 1) as (worker,):
        assert eventually(
            lambda: [one["completed_steps"] for one in asked(worker, "/tasks")[1].get("tasks", ())] == [4] * 3
        )
        with command(
            arena, "--name", "order_processing", "--watch", "--json", "--from", worker.address(), **NO_KAFKA
        ) as process:
            assert process.stdout is not None
            first = [json.loads(process.stdout.readline())["task_id"] for _ in range(3)]
            arena.produce([{**end, "task_id": "t1"}])
            changed = json.loads(process.stdout.readline())
    assert sorted(first) == ["t0", "t1", "t2"]
    assert (changed["task_id"], changed["status"]) == ("t1", "complete")
