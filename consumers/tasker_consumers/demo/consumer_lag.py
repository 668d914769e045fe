"""Whether the groups have dealt with everything that was published: conditions on offsets, no waiting for luck."""

from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from tasker_consumers.kafka.offsets import TIMEOUT_S, retry_while_electing, watermarks


class ConsumerLag:
    """Counts the records that a group has still to commit; `topics` are those that the group reads."""

    def __init__(self, kafka: Mapping[str, str], group: str, topics: Sequence[str]) -> None:
        # It asks in the group's name and never joins it: nothing is assigned, nobody is disturbed.
        self._client: Any = Consumer({"log_level": 0, **kafka, "group.id": group, "enable.auto.commit": False})
        metadata = self._client.list_topics(timeout=TIMEOUT_S).topics
        self._partitions = [TopicPartition(topic, number) for topic in topics for number in metadata[topic].partitions]

    def count(self) -> int:
        """Return the number of records between the committed offsets and the ends of the partitions."""
        committed = retry_while_electing(lambda: self._client.committed(self._partitions, timeout=TIMEOUT_S))
        return sum(self._lag_of(position) for position in committed)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _lag_of(self, position: Any) -> int:
        low, high = watermarks(self._client, position)
        return high - max(int(position.offset), low)
