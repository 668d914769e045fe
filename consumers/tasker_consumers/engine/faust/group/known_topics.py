"""The partitions by which a leader distributes the work of its group.

Brokers that have just started know few topics, and a leader that went by their metadata would leave partitions to
nobody until the next refresh, minutes later. So the partitions of the worker's own topics are those that it found at
its start; the watch of the topics ends a worker under which they change.
"""

from collections.abc import Mapping
from typing import Any


class KnownTopics:
    """aiokafka's metadata of a cluster (`cluster`), with partitions by topic that are known without it (`counts`).

    >>> KnownTopics({}, {"events": 2}).partitions_for_topic("events")
    {0, 1}
    """

    def __init__(self, cluster: Any, counts: Mapping[str, int]) -> None:
        self._cluster = cluster
        self._counts = counts

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        """Return the numbers of a topic's partitions; None for a topic that nobody knows."""
        if topic in self._counts:
            return set(range(self._counts[topic]))
        partitions: set[int] | None = self._cluster.partitions_for_topic(topic)
        return partitions
