"""Positions of records as people write them, and the records that lie there."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from tasker_consumers.kafka.offsets import TIMEOUT_S
from tasker_consumers.replay.reading.offset_range import OffsetRange
from tasker_consumers.replay.reading.partition_times import whole_range
from tasker_consumers.replay.reading.read import open_source, read
from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic, event_topics

_POSITION = re.compile(r"(?:(?P<topic>[A-Za-z0-9._-]+)/)?(?P<partition>\d{1,8})[:/](?P<offset>\d{1,18})")


class Position(NamedTuple):
    """Partition and offset; `topic` is None where any event topic is meant."""

    topic: str | None
    partition: int
    offset: int


def read_position(text: str, prefix: str) -> Position:
    """Return a position from `TOPIC/PARTITION/OFFSET`, `FAMILY/PARTITION:OFFSET` or `PARTITION:OFFSET`.

    >>> read_position("step/3:120", "tasker")
    Position(topic='tasker.events.step', partition=3, offset=120)

    Raises UsageError for anything else.
    """
    if (match := _POSITION.fullmatch(text.strip())) is None:
        raise UsageError(f"{text!r} is no position; write PARTITION:OFFSET, step/3:120 or tasker.events.step/3/120")
    topic = match["topic"]
    if topic in set(Family):
        topic = event_topic(Family(topic), prefix)
    return Position(topic, int(match["partition"]), int(match["offset"]))


def records_at(kafka: Mapping[str, str], position: Position, prefix: str) -> list[StoredRecord]:
    """Return the records at a position: at most one for each topic that it can mean.

    Raises UsageError for a topic that does not exist.
    """
    topics = event_topics(prefix) if position.topic is None else (position.topic,)
    with open_source(kafka) as consumer:
        existing = consumer.list_topics(timeout=TIMEOUT_S).topics
        if not existing.keys() & set(topics):
            raise UsageError(f"there is no topic {' or '.join(topics)}; `tasker topics list` shows those of the system")
        spans = [
            span
            for topic in topics
            if topic in existing and position.partition in existing[topic].partitions
            for span in _span_of(consumer, topic, position)
        ]
    with open_source(kafka) as consumer:
        return [record for record in read(consumer, spans) if record.offset == position.offset]


def _span_of(consumer: Any, topic: str, position: Position) -> list[OffsetRange]:
    offset_range = whole_range(consumer, topic, position.partition)
    if not offset_range.start <= position.offset < offset_range.end:
        return []
    return [offset_range._replace(start=position.offset, end=position.offset + 1)]
