"""Headers: whatever stands in them, an event is never lost for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas.headers import (
    MAX_HEADER_BYTES,
    SpanRef,
    TraceHeaders,
    cloud_event_headers,
    read_trace_headers,
    read_traceparent,
    trace_headers,
    write_traceparent,
)

hex_digits = st.integers(1, 2**128 - 1).map(lambda n: f"{n:032x}")
spans = st.builds(SpanRef, hex_digits, st.integers(1, 2**64 - 1).map(lambda n: f"{n:016x}"), st.integers(0, 255))
plain_text = st.text(max_size=50)
header_names = st.sampled_from(["traceparent", "TraceParent", "tasker-parent", "tracestate", "baggage", "other"])
SPAN = SpanRef("a" * 32, "b" * 16)
VALID = write_traceparent(SPAN).encode()


@given(spans)
def test_a_written_context_reads_back_as_it_was(span: SpanRef) -> None:
    assert read_traceparent(write_traceparent(span).encode()) == span


@given(st.builds(TraceHeaders, spans, st.none() | spans, plain_text, plain_text))
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
