"""Requests for offsets, repeated while a partition that was just made or moved has no leader."""

import time
from collections.abc import Callable
from math import inf
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicPartition

TIMEOUT_S = 10.0
_PAUSE_S = 0.05
_PASSING = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001  librdkafka's metadata are those of a broker that has just come back
    KafkaError._NOENT,  # noqa: SLF001  so librdkafka answers ListOffsets when it knows no leader of any partition
}

_T = TypeVar("_T")


def watermarks(consumer: Any, partition: TopicPartition) -> tuple[int, int]:
    """Return the offset of the first record of a partition, and of the record that will come next.

    Raises KafkaException when the broker does not answer within ten seconds, or knows no leader for ten seconds more.
    """
    low, high = retry_while_electing(lambda: consumer.get_watermark_offsets(partition, timeout=TIMEOUT_S))
    return int(low), int(high)


def retry_while_electing(request: Callable[[], _T]) -> _T:
    """Return the result of a request, repeated for ten seconds from its first answer while leaders are elected."""
    deadline = inf
    while True:
        try:
            return request()
        except KafkaException as error:
            if error.args[0].code() not in _PASSING or (now := time.monotonic()) > deadline:
                raise
            # The first answer of a starved broker can take as long as all repetitions.
            deadline = min(deadline, now + TIMEOUT_S)
            time.sleep(_PAUSE_S)
