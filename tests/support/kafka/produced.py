"""Reading back what a producer sent to a real Kafka."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.kafka.offsets import watermarks
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic
from tests.support.kafka.topics import make_topics
from tests.support.processes import LIMIT_S


def create_event_topics(
    admin: AdminClient, prefix: str, partitions: int = 3, *, config: dict[str, str] | None = None
) -> None:
    """Create the event topics of a prefix, with settings of Kafka's, and wait until they are there."""
    topics = [NewTopic(event_topic(family, prefix), partitions, 1, config=config or {}) for family in Family]
    make_topics(admin, topics)


@contextmanager
def _consumer(servers: str) -> Iterator[Any]:
    settings = {"bootstrap.servers": servers, "group.id": uuid4().hex, "enable.auto.commit": False}
    consumer = Consumer({**settings, "auto.offset.reset": "earliest"})
    try:
        yield consumer
    finally:
        consumer.close()


def read_all(servers: str, topic: str, count: int, deadline_s: float = LIMIT_S) -> list[Message]:
    """Return all records of a topic, once there are at least `count`; fewer at the deadline fails the test."""
    found: list[Message] = []
    with _consumer(servers) as consumer:
        partitions = consumer.list_topics(topic, timeout=LIMIT_S).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
        until = time.monotonic() + deadline_s
        while time.monotonic() < until:
            found += consumer.consume(10_000, 0.2)
            ends = [watermarks(consumer, TopicPartition(topic, n))[1] for n in partitions]
            if len(found) >= count and len(found) >= sum(ends):
                return found
    raise AssertionError(f"{topic}: {len(found)} records, at least {count} expected")
