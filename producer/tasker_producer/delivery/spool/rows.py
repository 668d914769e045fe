"""A row of a spool file: how a record is written, and how it is read again and checked."""

import json
import zlib
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from tasker_schemas.headers import Header


class SpooledRecord(NamedTuple):
    """A record as it will go to Kafka; without the headers that its value holds where librdkafka gave it back."""

    topic: str
    key: bytes
    value: bytes
    headers: list[Header]

    @property
    def size(self) -> int:
        """Bytes that it counts for on disk, about."""
        return len(self.value) + len(self.key) + sum(len(name) + len(value) for name, value in self.headers) + 64


Entry = tuple[int, SpooledRecord]


def read_row(row: Sequence[Any], topics: Collection[str] | None) -> SpooledRecord:
    """Return the record in a row; raises ValueError for a row that was changed, or whose topic is not allowed."""
    _, topic, key, value, headers, _, crc = row
    if not all(isinstance(part, bytes) for part in (topic, key, value, headers)):
        raise ValueError("a column holds another type")
    if crc is not None and crc != _checksum(topic, key, value, headers):
        raise ValueError("the checksum differs")
    try:
        pairs = [(str(name), text.encode()) for name, text in json.loads(headers)]
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError("the headers are no list of names and texts") from error
    record = SpooledRecord(topic.decode(), key, value, pairs)
    if topics is not None and record.topic not in topics:
        raise ValueError("the topic is none of this producer's")
    return record


def write_row(number: int | None, record: SpooledRecord) -> tuple[Any, ...]:
    """Return the values of a row, in the order of the columns."""
    headers = json.dumps([(name, value.decode("utf-8", "replace")) for name, value in record.headers])
    crc = _checksum(record.topic.encode(), record.key, record.value, headers.encode())
    return (number, record.topic, record.key, record.value, headers, record.size, crc)


def _checksum(*parts: bytes) -> int:
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, zlib.crc32(len(part).to_bytes(8, "big"), crc))
    return crc
