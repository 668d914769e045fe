"""A range of offsets of a partition."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a reading came: the first unread offset by topic and partition, and whether it searched everywhere."""

    ends: Mapping[tuple[str, int], int]
    searched_everywhere: bool = False

    def unread(self, ranges: Iterable[OffsetRange]) -> list[OffsetRange]:
        """Return the parts of ranges that were not read yet.

        >>> Reached({("t", 0): 7}).unread([OffsetRange("t", 0, 0, 9), OffsetRange("t", 1, 2, 3)])
        [OffsetRange(topic='t', partition=0, start=7, end=9), OffsetRange(topic='t', partition=1, start=2, end=3)]
        """
        spans = (span._replace(start=max(span.start, self.ends.get(span[:2], 0))) for span in ranges)
        return [span for span in spans if span.start < span.end]

    def is_beyond(self, ranges: Iterable[OffsetRange]) -> bool:
        """Return whether a partition ends before what was read: its topic was made anew.

        >>> Reached({("t", 0): 7}).is_beyond([OffsetRange("t", 0, 0, 6)])
        True
        """
        return any(self.ends.get(span[:2], 0) > span.end for span in ranges)


#: Nothing was read yet.
NOTHING = Reached({})
