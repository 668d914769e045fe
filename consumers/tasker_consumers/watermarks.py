"""The first and the next offset of a partition, asked patiently."""

import time
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

TIMEOUT_S = 10.0
_PAUSE_S = 0.05
#: A partition that was just made, or just moved, has no leader for a moment: asking again helps.
_PASSING = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}


def watermarks(consumer: Any, place: TopicPartition) -> tuple[int, int]:
    """Return the offset of the first record of a partition, and of the record that will come next.

    Raises KafkaException when the broker does not answer within ten seconds.
    """
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            low, high = consumer.get_watermark_offsets(place, timeout=TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() not in _PASSING or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
        else:
            return int(low), int(high)
