"""`tasker web` as a process on Kafka: everything that was published is on its pages, with and without a store."""

import signal
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

import pytest

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.web.sources import folded_events
from tasker_consumers.web.sources.folded_events import FoldedEvents
from tasker_consumers.web.sources.stats_topics import open_stats_source
from tasker_producer import EventPublisher, ProducerSettings
from tests.support.processes import LIMIT_S, eventually
from tests.support.store.arena import StoreArena
from tests.support.web_process import WebProcess, web_process


def publish_orders(connection: dict[str, str], prefix: str) -> None:
    """Publish an order that completes, and another whose step fails."""
    with EventPublisher(ProducerSettings(kafka=connection, topic_prefix=prefix)) as publisher:
        with publisher.task("order", task_id="good", correlation_id="request-9") as task, task.step("charge"):
            pass
        with pytest.raises(TimeoutError), publisher.task("order", task_id="bad") as task, task.step("charge"):
            raise TimeoutError("no answer")


def test_published_tasks_are_on_all_pages_without_a_worker(
    kafka: KafkaSource, topic_prefix: str, tmp_path: Path
) -> None:
    connection = {"bootstrap.servers": kafka.bootstrap_servers}
    create_topics(connection, topic_prefix, partitions=2)
    publish_orders(connection, topic_prefix)
    variables = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "TASKER_TOPIC_PREFIX": topic_prefix,
        "TASKER_STATE_DIR": str(tmp_path / "state"),
    }
    with web_process(tmp_path / "web.log", **variables) as web:
        assert eventually(lambda: web.get("/readyz") == (200, "ok\n"))
        assert web.shows("/", 'id="t-good"', 'id="t-bad"', "charge: TimeoutError: no answer")
        assert 'id="t-good"' not in web.get("/?status=error")[1]
        assert_task_and_search(web)
        assert web.shows("/errors", "TimeoutError", "from the events")
        assert web.shows("/grid?name=order", "charge")
        assert web.shows("/stats", "No statistics")
        assert web.shows("/groups", f"{topic_prefix}-stats", "never ran")
        assert web.terminate() == 0


def test_without_a_worker_the_newest_events_are_folded_and_the_list_says_so(
    kafka: KafkaSource, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {"bootstrap.servers": kafka.bootstrap_servers}
    create_topics(connection, topic_prefix, partitions=1)
    with EventPublisher(ProducerSettings(kafka=connection, topic_prefix=topic_prefix)) as publisher:
        for number in range(20):
            publisher.publish_task_completed(task_id=f"order-{number}", task_name="order")
    settings = ConsumerSettings.from_env(
        {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": topic_prefix}
    )
    with open_stats_source(settings) as source:
        assert len(list(source.backlog())) == 20
        assert isinstance(source, FoldedEvents)
        assert source.notice is None
        monkeypatch.setattr(folded_events, "MOST_EVENTS", 5)
        assert [task["task_id"] for task in source.backlog()] == [f"order-{number}" for number in range(15, 20)]
        assert "the newest 5 events" in (source.notice or "")


def test_without_a_worker_only_new_events_are_folded(
    kafka: KafkaSource, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = {"bootstrap.servers": kafka.bootstrap_servers}
    create_topics(connection, topic_prefix, partitions=2)
    settings = ConsumerSettings.from_env(
        {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": topic_prefix}
    )
    monkeypatch.setattr(folded_events, "EVERY_S", 0.0)
    monkeypatch.setattr(folded_events, "MOST_EVENTS", 10)
    with (
        open_stats_source(settings) as source,
        EventPublisher(ProducerSettings(kafka=connection, topic_prefix=topic_prefix)) as publisher,
    ):
        assert list(source.backlog()) == source.changes(0) == []

        def publish(step: int, *task_ids: str) -> dict[str, int]:
            for task_id in task_ids:
                publisher.publish_step_completed(task_id=task_id, step_id=f"step-{step}", step_name="charge")
            publisher.flush()
            return {task["task_id"]: task["attempts"] for task in source.changes(0)}

        assert publish(1, "a", "b") == {"a": 1, "b": 1}
        assert publish(2, "b") == {"b": 2}
        assert publish(3) == {}
        assert isinstance(source, FoldedEvents)
        assert source.notice is None
        for step in range(4, 21):
            assert publish(step, "c") == {"c": step - 3}
        assert publish(21, "b") != {"b": 3}, "with more than 20 events it begins anew, with the newest 10"
        assert "the newest 10 events" in str(source.notice)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["terminate", "ctrl-c"])
def test_open_lists_end_with_the_web_view_without_a_complaint(
    kafka: KafkaSource, topic_prefix: str, tmp_path: Path, number: signal.Signals
) -> None:
    connection = {"bootstrap.servers": kafka.bootstrap_servers}
    create_topics(connection, topic_prefix, partitions=1)
    variables = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "TASKER_TOPIC_PREFIX": topic_prefix,
        "TASKER_STATE_DIR": str(tmp_path / "state"),
    }
    with web_process(tmp_path / "web.log", **variables) as web, ExitStack() as stack:
        assert eventually(lambda: web.get("/readyz") == (200, "ok\n"))
        lists = [stack.enter_context(urlopen(f"{web.address()}/tasks-live")) for _ in range(3)]
        assert all(live.readline().startswith(b"retry:") for live in lists)
        web.process.send_signal(number)
        assert [live.read()[-2:] for live in lists] == [b"\n\n"] * 3, "each stream ends behind a whole event"
        assert web.process.wait(LIMIT_S) in (0, 130)
        log = web.log.read_text()
        assert "Traceback" not in log
        assert "Cancel" not in log


def assert_task_and_search(web: WebProcess) -> None:
    """Ask for the pages of the failed task, and search by correlation id."""
    assert web.shows("/task?id=bad", "TimeoutError: no answer")
    assert '"charge"' in web.get("/task-waterfall.json?id=bad")[1]
    assert web.shows("/task-events?id=bad", "step.failed", "traceparent", "events.step/")
    assert web.shows("/diff?a=good&b=bad", "they part")
    assert eventually(lambda: web.shows("/find?q=request-9", "<h1>order</h1>"))
    assert web.get("/task?id=nobody")[0] == 404


def test_errors_and_old_tasks_come_from_the_store(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> None:
    arena = StoreArena(kafka.bootstrap_servers, topic_prefix, f"sqlite:///{tmp_path / 'store.db'}", tmp_path)
    arena.produce(0, 50)
    with arena.worker("store") as worker:
        worker.wait_ready()
        arena.wait_until_complete()
        variables = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "TASKER_TOPIC_PREFIX": topic_prefix,
            "TASKER_STORE_URL": arena.url,
        }
        with web_process(tmp_path / "web.log", **variables) as web:
            assert eventually(lambda: web.get("/readyz") == (200, "ok\n"))
            assert web.shows("/errors", "from the store", "shop.Declined", "<strong>17</strong>")
            assert web.shows("/task?id=order-3", "charge")
            assert web.shows("/groups", "The store: in use", f"{topic_prefix}-store", "up to date")
            assert web.shows("/groups", "bad_magic", "the value begins with 6e6f")
            assert web.terminate() == 0
