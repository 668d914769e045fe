"""A range of offsets of a partition."""

from collections.abc import Iterable
from typing import NamedTuple


class OffsetRange(NamedTuple):
    """Offsets of a partition, `start` inside, `end` outside."""

    topic: str
    partition: int
    start: int
    end: int


def remainder(everything: Iterable[OffsetRange], covered: Iterable[OffsetRange]) -> list[OffsetRange]:
    """Return the offsets of `everything` that are outside the covered ranges; a partition has at most one of them.

    >>> remainder([OffsetRange("t", 0, 0, 9), OffsetRange("t", 1, 0, 5)], [OffsetRange("t", 0, 2, 4)])
    [OffsetRange(topic='t', partition=0, start=0, end=2), OffsetRange(topic='t', partition=0, start=4, end=9), \
OffsetRange(topic='t', partition=1, start=0, end=5)]
    """
    by_partition = {(span.topic, span.partition): span for span in covered}
    rest_of = []
    for span in everything:
        inner = by_partition.get((span.topic, span.partition))
        parts = [span] if inner is None else [span._replace(end=inner.start), span._replace(start=inner.end)]
        rest_of += [part for part in parts if part.start < part.end]
    return rest_of
