"""What lies with the cluster is an outage: events wait, those of other topics go on, and the log names the remedy."""

from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_producer import EventPublisher, ProducerSettings
from tasker_producer.delivery.kafka import KafkaDelivery
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic
from tests.support.kafka.produced import read_all
from tests.support.kafka.topics import make_topic
from tests.support.processes import eventually


def test_events_wait_for_topics_that_are_made_later_and_the_others_go_on(
    kafka: KafkaSource, admin: AdminClient, topic_prefix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    custom, task = event_topic(Family.CUSTOM, topic_prefix), event_topic(Family.TASK, topic_prefix)
    make_topic(admin, custom, 2)
    servers = {"bootstrap.servers": kafka.bootstrap_servers, "allow.auto.create.topics": "false"}
    publisher = EventPublisher(ProducerSettings(kafka=servers, topic_prefix=topic_prefix, spool_dir=tmp_path))
    for number in range(10):
        publisher.publish_task_started({"id": number})
    assert eventually(lambda: f"topic {task} does not exist at {kafka.bootstrap_servers}" in caplog.text)
    assert "run tasker topics create" in caplog.text
    publisher.publish_event("order.paid", {"n": 1})
    assert len(read_all(kafka.bootstrap_servers, custom, 1)) == 1
    assert publisher.stats()["dropped"] == 0
    make_topic(admin, task, 2)
    assert eventually(lambda: publisher.flush(1.0) == 0)
    assert len(read_all(kafka.bootstrap_servers, task, 10)) == 10
    assert publisher.close() == 0


def test_a_topic_to_which_a_process_sends_nothing_may_be_missing(
    kafka: KafkaSource, admin: AdminClient, topic_prefix: str, tmp_path: Path
) -> None:
    custom = event_topic(Family.CUSTOM, topic_prefix)
    make_topic(admin, custom, 2)
    servers = {"bootstrap.servers": kafka.bootstrap_servers, "allow.auto.create.topics": "false"}
    publisher = EventPublisher(ProducerSettings(kafka=servers, topic_prefix=topic_prefix, spool_dir=tmp_path))
    assert eventually(lambda: publisher.flush(1.0) == 0)
    publisher.publish_event("order.paid", {"n": 1})
    assert publisher.flush(60.0) == 0
    delivery = publisher._delivery
    assert isinstance(delivery, KafkaDelivery)
    worker = delivery._worker
    assert worker.client is not None
    worker._empty_at = float("-inf")  # as if events had been in the queue all the time
    assert not worker._has_leaderless(worker.client)
    assert worker.topics == {custom}
    publisher.close()


def test_a_process_that_ends_without_its_topics_says_where_its_events_wait(
    kafka: KafkaSource, topic_prefix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    servers = {"bootstrap.servers": kafka.bootstrap_servers}
    settings = ProducerSettings(kafka=servers, topic_prefix=topic_prefix, spool_dir=tmp_path)
    publisher = EventPublisher(settings)
    for number in range(106):
        publisher.publish_task_started({"id": number})
    assert publisher.close() == 106
    spool = settings.spool()
    assert spool is not None
    assert f"106 events wait in {spool.directory}" in caplog.messages
