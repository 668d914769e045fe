"""The partitions that can hold the records of a key, also when the topic had fewer partitions once.

A key's partition is its hash modulo the number of partitions. While a topic had `n` of them, nothing was written to a
partition with a number of `n` or more: so whatever was written then is older than the first record of those. That
bounds the reading of a former partition to the time before, which for a topic that never grew is nearly nothing.
"""

from collections.abc import Mapping

from tasker_consumers.kafka.partitioner import partition_of

#: Brokers' clocks differ; a former partition is read for so much longer.
CLOCK_TOLERANCE_MS = 5_000


def partitions_of_key(key: bytes, partitions: int) -> list[int]:
    """Return the partitions that a key's records can be in: the present partition first, then those of smaller topics.

    >>> partitions_of_key(b"42", 6)
    [4, 2, 0, 1]
    """
    return list(dict.fromkeys(partition_of(key, count) for count in range(partitions, 0, -1)))


def former_partitions(key: bytes, partitions: int, first_times: Mapping[int, int]) -> dict[int, int | None]:
    """Return the partitions that held a key's records while the topic had fewer than `partitions` partitions.

    `first_times` has the time of the first record of each partition that is not empty, in milliseconds. Each partition
    comes with the time until which it can have been used, None if that is not known.

    >>> former_partitions(b"42", 6, dict.fromkeys(range(6), 1000)) == dict.fromkeys([0, 1, 2], 6000)
    True
    """
    current = partition_of(key, partitions)
    bounds: dict[int, int | None] = {}
    for count in range(1, partitions):
        partition = partition_of(key, count)
        if partition != current:
            later = [first_times[number] for number in range(count, partitions) if number in first_times]
            bound = min(later) + CLOCK_TOLERANCE_MS if later else None
            previous = bounds.get(partition, bound)
            bounds[partition] = None if bound is None or previous is None else max(previous, bound)
    return bounds
