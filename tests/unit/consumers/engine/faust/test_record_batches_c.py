"""The reader in C refuses lengths that leave the batch, in whatever field they are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas.headers import PARENT, TRACE_NAMES, TRACEPARENT, read_trace_headers

records_c = pytest.importorskip(
    "tasker_consumers.engine.faust._record_batches_c", reason="installed without a compiler"
)


def unpack(payload: bytes, count: int = 1) -> list[Any]:
    records: list[Any] = records_c.unpack("t", 0, payload, 0, 0, -1, count)
    return records


@given(st.binary(max_size=60), st.integers(-1, 5))
def test_bytes_that_are_no_records_are_refused_or_read_to_their_end(payload: bytes, count: int) -> None:
    try:
        records = unpack(payload, count)
    except ValueError:
        return
    headers = [list(record.headers) for record in records]
    assert len(headers) == max(count, 0)


def test_a_null_value_whose_length_has_more_than_32_bits_is_null() -> None:
    payload = bytes.fromhex("18000000043432818080801000")
    (record,) = unpack(payload)
    assert (record.key, record.value, list(record.headers)) == (b"42", None, [])


@pytest.mark.parametrize("length", [2**31, 2**32 + 1, 2**33, 2**62, -(2**63)])
@pytest.mark.parametrize("field", ["key", "value", "header name", "header value", "headers", "record"])
def test_a_length_of_64_bits_reads_nothing_outside_of_the_batch(field: str, length: int) -> None:
    names = ["record", "key", "value", "headers", "header name", "header value"]
    lengths = dict.fromkeys(names, varint(0)) | {"headers": varint(1), field: varint(length)}
    body = b"\0\0\0" + b"".join(lengths[name] for name in names[1:])
    payload = (varint(length) if field == "record" else varint(len(body))) + body
    negative_is_null = field in ("key", "value", "header value") and length < 0
    if negative_is_null:
        assert len(unpack(payload)) == 1
    else:
        with pytest.raises(ValueError, match=r"record|header"):
            unpack(payload)


def varint(number: int) -> bytes:
    zigzag = (number << 1 ^ number >> 63) & (2**64 - 1)
    encoded = bytearray()
    while zigzag > 0x7F:
        encoded.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    return bytes([*encoded, zigzag])


def test_a_header_with_a_name_that_is_no_text_is_read_all_the_same() -> None:
    (record,) = unpack(b"\x12\x00\x00\x00\x01\x01\x02\x02\xff\x00")
    assert list(record.headers) == [("\ufffd", b"")]


PLACES = st.sampled_from([f"00-{'a' * 32}-{digit * 16}-01".encode() for digit in "12"])
NAMES = st.sampled_from([*TRACE_NAMES, "Traceparent", "TASKER-PARENT", "tas\u212aer-parent", "ce_id"]) | st.text(
    max_size=9
)


@given(st.lists(st.tuples(NAMES, st.none() | PLACES | st.binary(max_size=9)), max_size=8))
def test_the_headers_among_some_names_tell_the_same_place_in_a_trace_as_all(headers: list[Any]) -> None:
    fields = b"".join(varint(len(name.encode())) + name.encode() + value_field(value) for name, value in headers)
    body = b"\0\0\0\1\1" + varint(len(headers)) + fields
    (record,) = unpack(varint(len(body)) + body)
    assert list(record.headers) == headers
    found = record.headers.among(TRACE_NAMES)
    assert read_trace_headers(found) == read_trace_headers(headers)
    assert [header for header in headers if header in found] == found


def value_field(value: bytes | None) -> bytes:
    return varint(-1) if value is None else varint(len(value)) + value


def test_headers_of_other_names_stay_unread() -> None:
    headers = varint(2) + varint(5) + b"ce_id" + varint(1) + b"7" + varint(11) + TRACEPARENT.encode() + varint(0)
    body = b"\0\0\0\1\1" + headers
    (record,) = unpack(varint(len(body)) + body)
    assert record.headers.among((TRACEPARENT, PARENT)) == [(TRACEPARENT, b"")]
