"""Event topics with settings of a test's own, and records in them."""

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic
from tests.support.kafka.topics import grow_topics, make_topics
from tests.support.processes import LIMIT_S


class EventTopics:
    """The five event topics of a prefix; records carry a number as their value, and the header of an event."""

    def __init__(self, servers: str, prefix: str, partitions: int, time_type: str) -> None:
        self.kafka = {"bootstrap.servers": servers}
        self.prefix = prefix
        self.admin = AdminClient(self.kafka)
        config = {"message.timestamp.type": time_type}
        topics = [NewTopic(event_topic(family, prefix), partitions, 1, config=config) for family in Family]
        make_topics(self.admin, topics)

    def grow(self, partitions: int) -> None:
        """Raise the number of partitions of all five, and wait until the broker says so."""
        grow_topics(self.admin, {event_topic(family, self.prefix): partitions for family in Family})

    def produce(
        self,
        key: str,
        values: range,
        *,
        times: list[int] | None = None,
        partition: int = -1,
        partitioner: str = "murmur2_random",
        family: Family = Family.STEP,
    ) -> None:
        """Send one record for each value, and wait until all have arrived."""
        producer = Producer({**self.kafka, "partitioner": partitioner})
        for position, value in enumerate(values):
            producer.produce(
                event_topic(family, self.prefix),
                str(value).encode(),
                key.encode(),
                partition=partition,
                timestamp=times[position] if times else 0,
                headers=[("ce_type", f"{family}.completed".encode()), ("twice", b"1"), ("twice", b"\xff")],
            )
        assert producer.flush(LIMIT_S) == 0
