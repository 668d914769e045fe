"""Headers: whatever stands in them, an event is never lost for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas.headers import (
    MAX_HEADER_BYTES,
    SpanRef,
    TraceHeaders,
    cloud_event_headers,
    read_span,
    read_trace_headers,
    read_traceparent,
    trace_headers,
    write_traceparent,
)

hex_digits = st.integers(1, 2**128 - 1).map(lambda n: f"{n:032x}")
spans = st.builds(SpanRef, hex_digits, st.integers(1, 2**64 - 1).map(lambda n: f"{n:016x}"), st.integers(0, 3))
states = st.sampled_from(["", "vendor=1", "a=1, b=2"])
plain_text = st.text(max_size=50)
header_names = st.sampled_from(["traceparent", "TraceParent", "tasker-parent", "tracestate", "baggage", "other"])
SPAN = SpanRef("a" * 32, "b" * 16)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VALID = write_traceparent(SPAN).encode()


@given(spans)
def test_a_written_context_reads_back_as_it_was(span: SpanRef) -> None:
    assert read_traceparent(write_traceparent(span).encode()) == span


@given(st.builds(TraceHeaders, spans, st.none() | spans, states, plain_text))
def test_a_place_in_a_trace_survives_the_way_through_headers(trace: TraceHeaders) -> None:
    assert read_trace_headers(trace_headers(trace)) == trace


@given(st.binary(max_size=80) | st.text("0123456789abcdefABCDEF-", max_size=60).map(str.encode))
def test_no_value_of_a_traceparent_makes_reading_fail(value: bytes) -> None:
    span = read_traceparent(value)
    assert span is None or (len(span.trace_id) == 32 and len(span.span_id) == 16)


@given(st.lists(st.tuples(header_names, st.none() | st.just(VALID) | st.binary(max_size=60))))
def test_no_set_of_headers_makes_reading_fail(headers: list[tuple[str, bytes | None]]) -> None:
    trace = read_trace_headers(headers)
    assert trace.span in {None, SPAN} or isinstance(trace.span, SpanRef)
    assert read_span(headers) == trace.span


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"00-" + b"0" * 32 + b"-" + b"b" * 16 + b"-01",  # no trace
        b"00-" + b"a" * 32 + b"-" + b"0" * 16 + b"-01",  # no span
        b"ff-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01",  # the forbidden version
        VALID.upper(),  # W3C: lower case only
        VALID + b"-more",  # version 00 has no more
        VALID + b"\n",
        b" " + VALID,
        VALID[:-1],
    ],
)
def test_a_malformed_context_counts_as_none(value: bytes) -> None:
    assert read_traceparent(value) is None


def test_a_context_of_a_later_version_is_read_as_far_as_known() -> None:
    assert read_traceparent(b"cc" + VALID[2:] + b"-more") == SPAN


def test_names_of_headers_are_compared_without_regard_to_case() -> None:
    assert read_trace_headers([("TraceParent", VALID)]).span == SPAN


def test_a_header_given_twice_with_the_same_value_holds() -> None:
    assert read_trace_headers([("traceparent", VALID), ("traceparent", VALID)]).span == SPAN


@pytest.mark.parametrize("order", [(0, 1, 0), (0, 1, 1), (1, 0, 0), (0, 0, 1)])
def test_a_header_that_contradicts_itself_counts_as_absent(order: tuple[int, ...]) -> None:
    values = (VALID, write_traceparent(SpanRef("c" * 32, "d" * 16)).encode())
    assert read_trace_headers([("traceparent", values[i]) for i in order]).span is None


def test_an_oversized_header_counts_as_absent() -> None:
    huge = b"k=" + b"v" * MAX_HEADER_BYTES
    assert read_trace_headers([("traceparent", VALID), ("tracestate", huge)]) == TraceHeaders(SPAN)


def test_text_that_is_not_utf8_counts_as_absent() -> None:
    assert read_trace_headers([("traceparent", VALID), ("baggage", b"\xff\xfe")]) == TraceHeaders(SPAN)


def test_a_parent_without_a_span_of_its_own_is_ignored() -> None:
    assert read_trace_headers([("tasker-parent", VALID), ("baggage", b"k=v")]) == TraceHeaders(baggage="k=v")


def test_the_sampled_flag_is_the_lowest_bit() -> None:
    assert [SpanRef("a" * 32, "b" * 16, flags).sampled for flags in (0, 1, 2, 3)] == [False, True, False, True]


@pytest.mark.parametrize(("step_id", "subject"), [("fetch_cart", b"42/fetch_cart"), (None, b"42")])
def test_cloud_events_name_the_task_and_the_step(step_id: str | None, subject: bytes) -> None:
    event = {"event_id": "e1", "event_name": "step.completed", "task_id": "42", "step_id": step_id}
    assert dict(cloud_event_headers(event, "shop")) == {
        "ce_specversion": b"1.0",
        "ce_id": b"e1",
        "ce_type": b"step.completed",
        "ce_source": b"shop",
        "content-type": b"application/avro",
        "ce_subject": subject,
    }


def test_an_event_outside_any_task_has_no_subject() -> None:
    headers = dict(cloud_event_headers({"event_id": "e1", "event_name": "a.b", "task_id": None}, "shop"))
    assert "ce_subject" not in headers


@pytest.mark.parametrize(
    ("timestamp", "text"),
    [
        (0, b"1970-01-01T00:00:00.000000Z"),
        (1_760_000_000_000_000, b"2025-10-09T08:53:20.000000Z"),
        (1_760_000_000_999_999, b"2025-10-09T08:53:20.999999Z"),
        (2**64 // 1000 - 1, b"2554-07-21T23:34:33.709550Z"),
        (253_402_300_799_999_999, b"9999-12-31T23:59:59.999999Z"),
    ],
)
def test_the_time_of_an_event_is_a_header_in_utc(timestamp: int, text: bytes) -> None:
    event = {"event_id": "e1", "event_name": "a.b", "timestamp": timestamp}
    assert dict(cloud_event_headers(event, "shop"))["ce_time"] == text
    assert datetime.fromisoformat(text.decode()) == EPOCH + timedelta(microseconds=timestamp)


@pytest.mark.parametrize("timestamp", [-1, -(2**63), 253_402_300_800_000_000, 2**63 - 1])
def test_a_time_that_the_header_cannot_say_is_left_out(timestamp: int) -> None:
    event = {"event_id": "e1", "event_name": "a.b", "timestamp": timestamp}
    assert "ce_time" not in dict(cloud_event_headers(event, "shop"))


@pytest.mark.parametrize(
    ("flags", "kept"), [(0x00, 0), (0x01, 1), (0x02, 2), (0x03, 3), (0xFF, 3), (0xFE, 2), (0x04, 0)]
)
def test_of_foreign_flags_only_those_that_the_specification_knows_are_kept(flags: int, kept: int) -> None:
    span = read_traceparent(f"00-{'a' * 32}-{'b' * 16}-{flags:02x}".encode())
    assert span == SpanRef("a" * 32, "b" * 16, kept)
    assert write_traceparent(SpanRef("a" * 32, "b" * 16, flags)).endswith(f"-{kept:02x}")


@pytest.mark.parametrize(
    "state",
    [b"a=1", b"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", b"a=1 , b=2", b"a=1,,b=2", b"1@sys=x y", b"k=" + b"v" * 256],
)
def test_a_tracestate_of_the_right_form_is_kept_as_it_is(state: bytes) -> None:
    assert read_trace_headers([("traceparent", VALID), ("tracestate", state)]).tracestate == state.decode()


@pytest.mark.parametrize(
    "state",
    [
        b"bad tracestate ,,, \x01",
        b"a",
        b"=1",
        b"A=1",
        b"a=",
        b"a=1,a=2",
        b"a=b=c",
        "ä=1".encode(),
        b"a=\x7f",
        b"k=" + b"v" * 257,
        b"k" * 257 + b"=v",
        b"a=1\nb=2",
        b", ,",
        b",".join(b"k%d=v" % n for n in range(33)),
    ],
)
def test_a_tracestate_of_another_form_counts_as_absent(state: bytes) -> None:
    assert read_trace_headers([("traceparent", VALID), ("tracestate", state)]) == TraceHeaders(SPAN)


@pytest.mark.parametrize(
    ("entries", "size", "stay"), [(64, 3, 64), (65, 3, 64), (200, 3, 64), (10, 1000, 8), (1, 9000, 0), (0, 0, 0)]
)
def test_the_first_64_entries_of_baggage_stay_as_far_as_they_fit(entries: int, size: int, stay: int) -> None:
    members = [f"k{number}=".encode().ljust(size, b"v") for number in range(entries)]
    read = read_trace_headers([("traceparent", VALID), ("baggage", b",".join(members))])
    assert read.baggage == b",".join(members[:stay]).decode()
    assert len(read.baggage) <= MAX_HEADER_BYTES
