"""A row of a spool file: how a record is written, and how it is read again and checked.

During an outage every event passes here beside a service that publishes on, so this module is compiled.
"""

import json
import struct
from collections.abc import Collection, Iterable, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any, NamedTuple
from zlib import crc32

from tasker_schemas.headers import Header

_ROW_BYTES = 64
_LENGTHS = struct.Struct(">4Q")
_parse = json.JSONDecoder().raw_decode


class SpooledRecord(NamedTuple):
    """A record as it will go to Kafka; without the headers that its value holds where librdkafka gave it back."""

    topic: str
    key: bytes
    value: bytes
    headers: list[Header]

    @property
    def size(self) -> int:
        """Bytes that it counts for on disk, about."""
        size = len(self.value) + len(self.key) + _ROW_BYTES
        for name, value in self.headers:
            size += len(name) + len(value)
        return size


Entry = tuple[int, SpooledRecord]
#: The values of a row in the order of the columns: id, topic, key, value, headers, size, checksum.
Row = tuple[int | None, str, bytes, bytes, str, int, int]


def read_row(row: Sequence[Any], topics: Collection[str] | None) -> SpooledRecord:
    """Return the record in a row; raises ValueError for a row that was changed, or whose topic is not allowed."""
    _, topic, key, value, headers, _, crc = row
    if set(map(type, (topic, key, value, headers))) != {bytes}:
        raise ValueError("a column holds another type")
    if crc is not None and crc != _checksum(topic, key, value, headers):
        raise ValueError("the checksum differs")
    text = headers.decode()
    try:
        names_and_texts, end = _parse(text)
        pairs = [(str(name), value.encode()) for name, value in names_and_texts]
    except (TypeError, AttributeError, RecursionError) as error:
        raise ValueError("the headers are no list of names and texts") from error
    if end < len(text):
        raise ValueError("more than a list of headers")
    record = SpooledRecord(topic.decode(), key, value, pairs)
    if topics is not None and record.topic not in topics:
        raise ValueError("the topic is none of this producer's")
    return record


def read_rows(
    rows: Iterable[Sequence[Any]], topics: Collection[str] | None, gone: Collection[int], max_bytes: int
) -> tuple[list[Entry], list[Sequence[Any]]]:
    """Return the records in rows with their ids, but for ids that are `gone`, and the rows that cannot be read.

    The record that exceeds `max_bytes` is the last one.
    """
    entries: list[Entry] = []
    unreadable: list[Sequence[Any]] = []
    size = 0
    for row in rows:
        if row[0] in gone:
            continue
        try:
            record = read_row(row, topics)
        except ValueError:
            unreadable.append(row)
            continue
        entries.append((row[0], record))
        size += record.size
        if size > max_bytes:
            break
    return entries, unreadable


def total_size(records: Iterable[SpooledRecord]) -> int:
    """Return the bytes that records count for on disk."""
    size = 0
    for record in records:
        size += record.size
    return size


def write_row(number: int | None, record: SpooledRecord) -> Row:
    """Return the values of a row, in the order of the columns."""
    headers = _header_text(record.headers)
    crc = _checksum(record.topic.encode(), record.key, record.value, headers.encode())
    return (number, record.topic, record.key, record.value, headers, record.size, crc)


def _header_text(headers: Sequence[Header]) -> str:
    """Return headers as json.dumps writes a list of names and texts, in a third of its time."""
    pairs = []
    for name, value in headers:
        text = encode_basestring_ascii(value.decode("utf-8", "replace"))
        pairs.append(f"[{encode_basestring_ascii(name)}, {text}]")
    return f"[{', '.join(pairs)}]"


def _checksum(topic: bytes, key: bytes, value: bytes, headers: bytes) -> int:
    lengths = _LENGTHS.pack(len(topic), len(key), len(value), len(headers))
    parts = (lengths[:8], topic, lengths[8:16], key, lengths[16:24], value, lengths[24:], headers)
    return crc32(b"".join(parts))
