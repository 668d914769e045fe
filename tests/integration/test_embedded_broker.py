"""The embedded broker, run for real."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

if TYPE_CHECKING:
    from tasker_consumers.embedded import EmbeddedKafka, KafkaSource


def test_a_record_reaches_the_shared_kafka(kafka: KafkaSource, admin: AdminClient, topic_prefix: str) -> None:
    admin.create_topics([NewTopic(topic_prefix, 1, 1)])[topic_prefix].result()
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    errors: list[object] = []
    producer.produce(topic_prefix, b"x", on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(10) == 0
    assert errors == [None]


def test_topics_survive_that_the_broker_is_killed(own_kafka: EmbeddedKafka) -> None:
    admin = AdminClient({"bootstrap.servers": own_kafka.bootstrap_servers})
    admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result()
    own_kafka.kill()
    own_kafka.start()
    assert "kept" in admin.list_topics(timeout=10).topics
