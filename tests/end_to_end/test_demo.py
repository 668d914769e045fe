"""The demo as a person runs it: what its one JSON document says, and what nothing of it may contain."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.replay.reading.select_records import select_records
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.telemetry.core.event import read_event
from tests.support.demo_runs import HeldDemo, held_demo, run_tasker
from tests.support.processes import eventually

SECRETS = ("correct-horse-battery-staple", "4111111111111111", "4000000000000002", "tok-demo-8f14e45f")
ROOT_NAME, STEP_NAME = "tasker.task.started", "tasker.step.processing"
ERROR, OK = "ERROR", "OK"


@pytest.fixture(scope="module")
def demo(kafka: KafkaSource) -> Iterator[HeldDemo]:
    """A demo that has come to its end and still holds."""
    with held_demo(kafka.bootstrap_servers) as held:
        yield held


@pytest.fixture
def tasks(demo: HeldDemo) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = demo.document["tasks"]
    return found


@pytest.fixture
def spans(demo: HeldDemo) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = demo.document["spans"]
    return found


def seconds(span: dict[str, Any]) -> float:
    return float(span["end_time_unix_nano"] - span["start_time_unix_nano"]) / 1e9


def test_the_document_has_tasks_and_spans_and_nothing_else(demo: HeldDemo, tasks: Any, spans: Any) -> None:
    assert set(demo.document) == {"tasks", "spans"}
    assert len(tasks) == 5
    assert {tuple(span) for span in spans} == {
        (
            "trace_id", "span_id", "parent_span_id", "trace_state", "flags", "name", "kind",
            "start_time_unix_nano", "end_time_unix_nano", "status", "service", "attributes", "events", "links",
        )
    }  # fmt: skip


def test_each_task_has_one_root_and_one_trace(tasks: Any, spans: Any) -> None:
    roots = [span for span in spans if span["parent_span_id"] is None]
    assert {root["name"] for root in roots} == {ROOT_NAME}
    assert sorted(root["trace_id"] for root in roots) == sorted(task["trace_id"] for task in tasks)
    assert len({root["trace_id"] for root in roots}) == len(tasks)


def test_no_span_is_an_orphan_and_none_is_there_twice(spans: Any) -> None:
    ids = [(span["trace_id"], span["span_id"]) for span in spans]
    assert len(ids) == len(set(ids))
    children = [span for span in spans if span["parent_span_id"] is not None]
    assert all((span["trace_id"], span["parent_span_id"]) in set(ids) for span in children)


def test_each_attempt_of_a_step_is_one_span_below_the_root(tasks: Any, spans: Any) -> None:
    roots = {span["span_id"]: span for span in spans if span["parent_span_id"] is None}
    for task in tasks:
        attempts = [s for s in spans if s["trace_id"] == task["trace_id"] and s["name"] == STEP_NAME]
        told = {(s["attributes"]["step_id"], s["attributes"]["attempt_number"]) for s in attempts}
        assert len(attempts) == len(told) == task["attempts"]
        assert all(span["parent_span_id"] in roots for span in attempts)


def test_a_step_that_slept_200_ms_lasts_as_long_as_it_measured_itself(spans: Any) -> None:
    carts = [span for span in spans if span["attributes"].get("step_name") == "fetch_cart"]
    assert len(carts) == 5
    for span in carts:
        measured = span["attributes"]["execution_duration"]
        assert measured >= 0.2
        assert seconds(span) == pytest.approx(measured, rel=0.1)


def test_a_task_spans_all_its_steps(spans: Any) -> None:
    roots = {span["trace_id"]: span for span in spans if span["parent_span_id"] is None}
    for span in (s for s in spans if s["name"] == STEP_NAME):
        root = roots[span["trace_id"]]
        assert root["start_time_unix_nano"] <= span["start_time_unix_nano"]
        assert span["end_time_unix_nano"] <= root["end_time_unix_nano"]


def test_the_failed_attempt_carries_its_error_and_the_next_one_links_to_it(tasks: Any, spans: Any) -> None:
    retried = next(task for task in tasks if task["retries"])
    first, second = sorted(
        (
            span
            for span in spans
            if span["trace_id"] == retried["trace_id"] and span["attributes"].get("step_name") == "charge_card"
        ),
        key=lambda span: int(span["attributes"]["attempt_number"]),
    )
    error = next(event for event in first["events"] if event["name"] == "exception")
    assert first["status"]["code"] == ERROR
    assert error["attributes"]["exception.type"].endswith("PaymentGatewayTimeout")
    assert (second["status"]["code"], retried["status"], retried["retries"]) == (OK, "complete", 1)
    assert first["span_id"] in {link["span_id"] for link in second["links"]}


def test_the_task_that_failed_for_good_says_so_everywhere(tasks: Any, spans: Any) -> None:
    failed = [task for task in tasks if task["status"] == "error"]
    assert len(failed) == 1
    root = next(s for s in spans if s["trace_id"] == failed[0]["trace_id"] and s["parent_span_id"] is None)
    assert root["status"]["code"] == ERROR
    assert failed[0]["first_error"]["error_class"].endswith("CardDeclined")
    assert (failed[0]["failed_steps"], failed[0]["retries"]) == (1, 0)


def test_the_end_of_a_complete_task_says_how_many_steps_it_had(tasks: Any, spans: Any) -> None:
    names = ("total_steps", "completed_steps", "failed_steps")
    ends = {span["trace_id"]: span["attributes"] for span in spans if span["name"] == "tasker.task.completed"}
    for task in (task for task in tasks if task["status"] == "complete"):
        assert [ends[task["trace_id"]].get(name) for name in names] == [task[name] for name in names]


def test_at_least_three_processes_tell_one_trace(demo: HeldDemo, tasks: Any) -> None:
    for task in (task for task in tasks if task["status"] == "complete"):
        records = select_records(demo.connection, Selection(task_id=task["task_id"]), demo.prefix)
        events = [read_event(record) for record in records]
        assert len({event.data["producer"] for event in events}) >= 3
        assert {event.carried.trace_id for event in events if event.carried} == {task["trace_id"]}


def test_the_secrets_are_in_no_span_no_topic_and_no_log(demo: HeldDemo) -> None:
    told = "\n".join(demo.told)
    logs = "".join(file.read_text() for file in demo.directory.glob("*.*") if file.is_file())
    topics = demo.topic_bytes().decode("utf-8", "replace")
    assert "order_processing" in topics
    assert '"logger": "tasker_consumers.engine.' in logs
    for secret in SECRETS:
        assert secret not in str(demo.document)
        assert secret not in topics
        assert secret not in told + logs


def test_trace_rebuilds_the_same_spans_from_the_topics_alone(demo: HeldDemo, tasks: Any, spans: Any) -> None:
    task = next(task for task in tasks if task["retries"])
    ended = run_tasker("trace", task["task_id"], "--json", **demo.variables)
    assert ended.returncode == 0, ended.stderr
    assert f'"trace_id": "{task["trace_id"]}"' in ended.stdout
    known = {span["span_id"] for span in spans if span["trace_id"] == task["trace_id"]}
    assert all(f'"span_id": "{span_id}"' in ended.stdout for span_id in known)


def test_replay_shows_every_event_of_a_task(demo: HeldDemo, tasks: Any) -> None:
    ended = run_tasker("replay", "--task", tasks[0]["task_id"], **demo.variables)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count('"event_name": "task.completed"') == 1
    assert ended.stdout.count('"event_name": "step.completed"') == 6


def test_doctor_finds_nothing_wrong_while_it_holds(demo: HeldDemo) -> None:
    ended = run_tasker("doctor", **demo.variables)
    assert ended.returncode == 0, ended.stdout
    assert f"a broker answers at {demo.servers}" in ended.stdout


def test_ctrl_c_stops_it_and_leaves_nothing_behind(kafka: KafkaSource) -> None:
    with held_demo(kafka.bootstrap_servers) as own:
        directory = own.directory
        assert directory.is_dir()
        assert own.stop() == 0
        assert eventually(lambda: not own.topics())
        assert not directory.exists()


def test_a_demo_that_is_killed_takes_its_groups_with_it(kafka: KafkaSource) -> None:
    with held_demo(kafka.bootstrap_servers) as own:
        ports = own.ports()
        assert all(map(listens, ports))
        own.process.kill()
        assert eventually(lambda: not any(map(listens, ports)))
        own.remove_topics()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
