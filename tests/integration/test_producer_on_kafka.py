"""The producer on a real Kafka: what it promises to those who read, and to the process it lives in."""

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.headers import read_trace_headers
from tests.support.kafka.produced import create_event_topics, read_all
from tests.support.processes import LIMIT_S


@pytest.fixture
def settings(kafka: KafkaSource, admin: AdminClient, topic_prefix: str, tmp_path: Path) -> ProducerSettings:
    create_event_topics(admin, topic_prefix)
    servers = {"bootstrap.servers": kafka.bootstrap_servers}
    return ProducerSettings(kafka=servers, topic_prefix=topic_prefix, spool_dir=tmp_path)


def run_service(settings: ProducerSettings, code: str) -> "subprocess.CompletedProcess[str]":
    """Run a small service of its own process, configured by the environment."""
    environ = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka["bootstrap.servers"],
        "TASKER_TOPIC_PREFIX": settings.topic_prefix,
        "TASKER_SPOOL_DIR": str(settings.spool_dir),
    }
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, env=environ, check=False, capture_output=True, text=True, timeout=LIMIT_S)


def task_ids(settings: ProducerSettings, family: str, count: int) -> "Counter[str]":
    messages = read_all(settings.kafka["bootstrap.servers"], f"{settings.topic_prefix}.events.{family}", count)
    return Counter((message.key() or b"").decode() for message in messages)


def test_what_a_task_block_publishes_arrives_with_its_trace(settings: ProducerSettings) -> None:
    with EventPublisher(settings) as publisher, publisher.task("order", task_id="42") as task, task.step("fetch"):
        pass
    messages = read_all(settings.kafka["bootstrap.servers"], f"{settings.topic_prefix}.events.step", 2)
    events = [Decoder().decode("StepEvent", message.value()) for message in messages]
    assert [event["event_name"] for event in events] == ["step.handle", "step.completed"]
    places = {read_trace_headers(message.headers() or []) for message in messages}
    assert [place.parent for place in places] == [task.trace.span]


def test_delivered_events_are_counted_without_asking_for_reports(settings: ProducerSettings) -> None:
    publisher = EventPublisher(settings)
    for number in range(100):
        publisher.publish_event("order.paid", {"number": number})
    assert publisher.close(30) == 0
    counts = publisher.stats()
    assert (counts["published"], counts["delivered"], counts["dropped"]) == (100, 100, 0)


def test_events_of_one_task_share_a_partition_in_every_topic(settings: ProducerSettings) -> None:
    servers, prefix = settings.kafka["bootstrap.servers"], settings.topic_prefix
    with EventPublisher(settings) as publisher:
        for number in range(30):
            publisher.publish_task_event("task.cancelled", task_id=number)
            publisher.publish_step_event("step.cancelled", task_id=number, step_id="s")
    tasks = {m.key(): m.partition() for m in read_all(servers, f"{prefix}.events.task", 30)}
    steps = {m.key(): m.partition() for m in read_all(servers, f"{prefix}.events.step", 30)}
    assert tasks == steps
    assert len(set(tasks.values())) == 3


def test_events_leave_when_the_process_ends_without_close(settings: ProducerSettings) -> None:
    code = """
        from tasker_producer import EventPublisher
        publisher = EventPublisher()
        for number in range(1000):
            publisher.publish_task_event("task.cancelled", task_id=number)
    """
    ended = run_service(settings, code)
    assert ended.returncode == 0, ended.stderr
    assert len(task_ids(settings, "task", 1000)) == 1000


@pytest.mark.parametrize("fork", ["os.fork", "multiprocessing"])
def test_events_of_every_forked_child_arrive_after_a_first_publish(settings: ProducerSettings, fork: str) -> None:
    code = """
        import multiprocessing, os, sys
        from tasker_producer import EventPublisher
        publisher = EventPublisher()
        def work(child):
            for number in range(100):
                publisher.publish_task_event("task.cancelled", task_id=f"{child}-{number}")
        work("parent")
        if %r == "os.fork":
            for child in range(3):
                if os.fork() == 0:
                    work(child)
                    sys.exit(0)
            codes = [os.wait()[1] for _ in range(3)]
        else:
            context = multiprocessing.get_context("fork")
            children = [context.Process(target=work, args=(child,)) for child in range(3)]
            for child in children: child.start()
            for child in children: child.join()
            codes = [child.exitcode for child in children]
        sys.exit(any(codes))
    """
    ended = run_service(settings, code % fork)
    assert ended.returncode == 0, ended.stderr
    with EventPublisher(settings) as successor:  # sends the events of a child that was forked amid a look-up of names
        assert successor.flush(90) == 0
    assert set(task_ids(settings, "task", 400).values()) == {1}


def test_a_setting_that_kafka_refuses_is_named_at_once() -> None:
    settings = ProducerSettings(kafka={"bootstrap.servers": "localhost:1", "lingerr.ms": "5"})
    with pytest.raises(ConfigurationError, match="KAFKA_LINGERR_MS"):
        EventPublisher(settings)


def test_without_a_broker_publishing_neither_blocks_nor_raises() -> None:
    kafka = {"bootstrap.servers": "localhost:1", "queue.buffering.max.messages": "10"}
    publisher = EventPublisher(ProducerSettings(kafka=kafka, spool_max_bytes=0))
    for number in range(25):
        publisher.publish_event("order.paid", {"number": number})
    assert publisher.close(0.2) == 10
    counts = publisher.stats()
    assert (counts["dropped_queue_full"], counts["dropped_closed"], counts["delivered"]) == (15, 10, 0)


def test_a_sigterm_lets_queued_events_leave_and_still_ends_the_process(settings: ProducerSettings) -> None:
    code = """
        import os, signal
        from tasker_producer import EventPublisher
        publisher = EventPublisher()
        for number in range(500):
            publisher.publish_task_event("task.cancelled", task_id=number)
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    """
    assert run_service(settings, code).returncode == -signal.SIGTERM
    assert len(task_ids(settings, "task", 500)) == 500


def test_a_services_own_sigterm_handler_stays_in_place(settings: ProducerSettings) -> None:
    code = """
        import os, signal, sys
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(7))
        from tasker_producer import EventPublisher
        EventPublisher().publish_task_event("task.cancelled", task_id=1)
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    """
    assert run_service(settings, code).returncode == 7
    assert len(task_ids(settings, "task", 1)) == 1


def test_many_threads_share_one_publisher_and_every_event_counts(settings: ProducerSettings) -> None:
    publisher = EventPublisher(settings)

    def work(thread: int) -> None:
        for number in range(200):
            publisher.publish_task_event("task.cancelled", task_id=f"{thread}-{number}")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    assert publisher.close(30) == 0
    assert publisher.stats()["delivered"] == 3200
    assert set(task_ids(settings, "task", 3200).values()) == {1}


def test_what_is_published_after_close_is_counted_as_dropped(settings: ProducerSettings) -> None:
    publisher = EventPublisher(settings)
    publisher.close(10)
    publisher.publish_event("order.paid")
    assert publisher.stats()["dropped_closed"] == 1


def test_a_record_without_permission_or_topic_is_refused_and_told(
    settings: ProducerSettings, caplog: pytest.LogCaptureFixture
) -> None:
    kafka = {**settings.kafka, "topic.metadata.propagation.max.ms": "500", "allow.auto.create.topics": "false"}
    nowhere = replace(settings, kafka=kafka, topic_prefix="a prefix that no topic can have")
    publisher = EventPublisher(nowhere)
    publisher.publish_event("order.paid")
    assert publisher.close(20) == 0
    assert publisher.stats()["dropped_refused"] == 1
    assert "Error publishing event order.paid : refused" in caplog.text
