"""A row holds a record as it is, in the form of all versions, and no other record passes for it."""

import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_producer.delivery.spool.rows import Row, SpooledRecord, read_row, read_rows, total_size, write_row

records = st.builds(
    SpooledRecord,
    st.text(max_size=20),
    st.binary(max_size=20),
    st.binary(max_size=300),
    st.lists(st.tuples(st.text(max_size=10), st.text(max_size=40).map(str.encode)), max_size=8),
)


def stored(row: Row) -> list[Any]:
    """The row as SQLite returns it: texts as bytes."""
    return [value.encode() if isinstance(value, str) else value for value in row]


def checksum(*parts: bytes) -> int:
    """The checksum of the first version, which has to stay: its files are read by this one."""
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, zlib.crc32(len(part).to_bytes(8, "big"), crc))
    return crc


@given(record=records, number=st.none() | st.integers())
def test_a_record_comes_back_as_it_was(record: SpooledRecord, number: int | None) -> None:
    row = write_row(number, record)
    assert row[0] == number
    assert read_row(stored(row), None) == record


@given(record=records)
def test_a_row_is_that_of_the_first_version(record: SpooledRecord) -> None:
    headers = json.dumps([(name, value.decode()) for name, value in record.headers])
    size = len(record.key) + len(record.value) + sum(len(name) + len(value) for name, value in record.headers) + 64
    crc = checksum(record.topic.encode(), record.key, record.value, headers.encode())
    assert write_row(1, record) == (1, record.topic, record.key, record.value, headers, size, crc)


@given(record=records, data=st.data())
def test_no_byte_of_a_row_changes_unseen(record: SpooledRecord, data: st.DataObject) -> None:
    row = stored(write_row(1, record))
    column = data.draw(st.sampled_from([each for each in range(1, 5) if row[each]]))
    at = data.draw(st.integers(0, len(row[column]) - 1))
    changed = bytearray(row[column])
    changed[at] ^= data.draw(st.integers(1, 255))
    row[column] = bytes(changed)
    with pytest.raises(ValueError, match="checksum"):
        read_row(row, None)


@pytest.mark.parametrize("headers", [b"7", b"[7]", b'[["a"]]', b'[["a", 1]]', b"[] 1", b"[", b"\xff", b"[" * 100_000])
def test_headers_that_are_none_are_refused_also_where_a_row_has_no_checksum(headers: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  of the headers, of JSON or of UTF-8
        read_row((1, b"topic", b"key", b"value", headers, 7, None), None)


def test_a_header_that_is_no_text_is_kept_as_far_as_it_is_one() -> None:
    row = write_row(1, SpooledRecord("topic", b"", b"", [("a", b"x\xff")]))
    assert read_row(stored(row), {"topic"}).headers == [("a", "x\ufffd".encode())]


@given(items=st.lists(records, max_size=8), data=st.data())
def test_rows_are_read_up_to_the_record_that_exceeds_the_bytes_without_those_that_are_gone_or_damaged(
    items: list[SpooledRecord], data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.integers(0, 7)))
    damaged = data.draw(st.sets(st.integers(0, 7)))
    max_bytes = data.draw(st.integers(0, 1_000))
    rows = [stored(write_row(number, item)) for number, item in enumerate(items)]
    for number in damaged.intersection(range(len(rows))):
        rows[number][-1] ^= 1
    entries, unreadable = read_rows(rows, None, gone, max_bytes)
    readable = [entry for entry in enumerate(items) if entry[0] not in gone | damaged]
    assert entries == readable[: len(entries)]
    assert total_size(record for _, record in entries[:-1]) <= max_bytes
    is_full = total_size(record for _, record in entries) > max_bytes
    assert is_full or entries == readable
    seen = entries[-1][0] if is_full else len(rows)
    assert [row[0] for row in unreadable] == sorted(number for number in damaged - gone if number < seen)
