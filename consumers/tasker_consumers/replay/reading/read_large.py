"""Reads large ranges for the records that key and headers select, in the order of their arrival."""

import time
from collections.abc import Iterator, Mapping, Sequence

from tasker_consumers.kafka.offsets import TIMEOUT_S
from tasker_consumers.replay.reading.offset_range import OffsetRange
from tasker_consumers.replay.reading.read import NO_PROGRESS, ReadingProgress
from tasker_consumers.replay.reading.scan import Partition, Scan, can_scan
from tasker_consumers.replay.reading.time_order import TimeOrder
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.conditions import conditions_of
from tasker_consumers.replay.selection.selection import Matcher, Selection
from tasker_schemas.errors import BackendUnavailable


def is_scan(kafka: Mapping[str, str], selection: Selection) -> bool:
    """Return whether key or headers decide a selection, and a scan can be made of this connection."""
    return conditions_of(selection).decide and can_scan(kafka)


def read_large(
    kafka: Mapping[str, str],
    ranges: Sequence[OffsetRange],
    selection: Selection,
    matcher: Matcher,
    progress: ReadingProgress = NO_PROGRESS,
) -> Iterator[StoredRecord]:
    """Yield the matching records of the ranges, by time of arrival, as `read` does.

    Raises BackendUnavailable when Kafka sends nothing for ten seconds.
    """
    ends = {(span.topic, span.partition): span.end for span in ranges}
    reached = {(span.topic, span.partition): span.start for span in ranges}
    order = TimeOrder(ends)
    progress.start(sum(ends.values()) - sum(reached.values()))
    with Scan(kafka, ranges, conditions_of(selection)) as scan:
        paused, size, heard_at = set[Partition](), 0, time.monotonic()
        while ends:
            found = scan.poll()
            matches = _push(found, ends, matcher, order)
            moved = _advance(scan, ends, reached, order)
            progress.advance(moved, scan.size - size, matches)
            size = scan.size
            if moved:
                heard_at = time.monotonic()
            elif time.monotonic() - heard_at > TIMEOUT_S:
                raise BackendUnavailable(
                    f"Kafka sent nothing for {TIMEOUT_S:.0f} s; {len(ends)} partitions are not read"
                )
            yield from order.ready()
            ahead = order.ahead() | (reached.keys() - ends.keys())  # what is read to its end stands still
            scan.pause(ahead - paused)
            scan.resume(paused - ahead)
            paused = ahead
        yield from order.ready()


def _push(
    found: Mapping[Partition, Sequence[StoredRecord]],
    ends: Mapping[Partition, int],
    matcher: Matcher,
    order: TimeOrder,
) -> int:
    """Add the matching records to those that wait for their turn, and return how many there were."""
    matches = 0
    for partition, records in found.items():
        for record in records:
            if record.offset < ends.get(partition, 0) and matcher.matches(record):
                order.advance(partition, record.timestamp)
                order.push(record)
                matches += 1
    return matches


def _advance(scan: Scan, ends: dict[Partition, int], reached: dict[Partition, int], order: TimeOrder) -> int:
    """Note how far each partition was read, let go of those that are read to their end, and return the offsets."""
    moved = 0
    for partition, position in zip(list(ends), scan.positions(list(ends)), strict=True):
        moved += min(position, ends[partition]) - reached[partition]
        reached[partition] = min(position, ends[partition])
        order.advance(partition, scan.reached.get(partition))
        if position >= ends[partition]:
            del ends[partition]
            order.finish(partition)
    return moved
