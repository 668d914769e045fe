"""Partitions that no member of a group has, on a real Kafka."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.groups import describe_group, unassigned
from tests.support.kafka.topics import make_topics
from tests.support.processes import eventually


@contextmanager
def member(kafka: KafkaSource, group: str, topic: str) -> Iterator[Consumer]:
    """Yield a member of a group that has all partitions of a topic."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": group})
    consumer.subscribe([topic])
    try:
        assert eventually(lambda: consumer.poll(0.1) is None and bool(consumer.assignment()))
        yield consumer
    finally:
        consumer.close()


def test_partitions_are_named_that_no_member_has(kafka: KafkaSource, admin: AdminClient, topic_prefix: str) -> None:
    held, free = f"{topic_prefix}.held", f"{topic_prefix}.free"
    make_topics(admin, [NewTopic(name, 2, 1) for name in (held, free)])
    with member(kafka, topic_prefix, held):
        group = describe_group(admin, topic_prefix)
        assert unassigned(group, {held: 2}) == []
        assert unassigned(group, {held: 3, free: 2}) == [(free, 0), (free, 1), (held, 2)]
    assert unassigned(describe_group(admin, topic_prefix), {held: 2}) == []
