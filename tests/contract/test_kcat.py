"""What we write, kcat shows as its manual says: any client of librdkafka can look at our topics."""

import shutil
import subprocess

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_producer import EventPublisher, ProducerSettings
from tests.support.kafka.produced import create_event_topics, read_all
from tests.support.processes import LIMIT_S

needs_kcat = pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed: apt-get install kcat")


@pytest.fixture
def shown(kafka: KafkaSource, admin: AdminClient, topic_prefix: str) -> list[tuple[str, int, dict[str, str]]]:
    """Key, partition and headers of twenty tasks' step events, as kcat shows them."""
    create_event_topics(admin, topic_prefix)
    settings = ProducerSettings(kafka={"bootstrap.servers": kafka.bootstrap_servers}, topic_prefix=topic_prefix)
    with EventPublisher(settings) as publisher:
        for number in range(20):
            publisher.publish_step_event("step.cancelled", task_id=number, step_id="s")
    look = ["kcat", "-C", "-e", "-q", "-b", kafka.bootstrap_servers, "-t", f"{topic_prefix}.events.step"]
    ended = subprocess.run([*look, "-f", r"%k %p %h\n"], capture_output=True, text=True, check=True, timeout=LIMIT_S)
    lines = [line.split(" ", 2) for line in ended.stdout.splitlines()]
    return [(key, int(place), dict(each.split("=", 1) for each in headers.split(","))) for key, place, headers in lines]


@needs_kcat
def test_kcat_shows_each_task_under_its_key_in_our_partition(
    kafka: KafkaSource, topic_prefix: str, shown: list[tuple[str, int, dict[str, str]]]
) -> None:
    sent = read_all(kafka.bootstrap_servers, f"{topic_prefix}.events.step", 20)
    assert {key: place for key, place, _ in shown} == {(m.key() or b"").decode(): m.partition() for m in sent}
    assert {key for key, _, _ in shown} == {str(number) for number in range(20)}


@needs_kcat
def test_kcat_shows_the_trace_context_and_the_kind_of_event(shown: list[tuple[str, int, dict[str, str]]]) -> None:
    for key, _, headers in shown:
        assert headers["ce_type"] == "step.cancelled"
        assert headers["ce_subject"] == f"{key}/s"
        assert headers["traceparent"].split("-")[1] == headers["tasker-parent"].split("-")[1]
