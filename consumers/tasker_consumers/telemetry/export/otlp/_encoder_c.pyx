# cython: language_level=3, boundscheck=False, wraparound=False, nonecheck=False
"""Spans in OTLP's bytes, in C: the bytes of `encoder.python_span`, a third of the time."""

from libc.stdint cimport uint32_t

from tasker_consumers.telemetry.spans.span cimport Link, Span, SpanEvent

include "tasker_consumers/telemetry/export/protobuf_writer.pxi"
include "tasker_consumers/telemetry/hex_digits.pxi"

cdef dict _STATUS = {"UNSET": 0, "OK": 1, "ERROR": 2}


def native_span(Span span not None):
    """Return the field of a span among those of its scope; see `encoder.encode_span`."""
    cdef Buffer out = Buffer.__new__(Buffer)
    cdef Py_ssize_t status, begin = _begin(out, 0x12)
    _put_id(out, 0x0A, span.trace_id, 16)
    _put_id(out, 0x12, span.span_id, 8)
    _put_text_unless_empty(out, 0x1A, span.tracestate)
    if span.parent_span_id:
        _put_id(out, 0x22, span.parent_span_id, 8)
    _put_text_unless_empty(out, 0x2A, span.name)
    _put_number(out, 0x30, span.role)
    _put_time(out, 0x39, span.start)
    _put_time(out, 0x41, span.end)
    _put_attributes(out, b"\x4a", 1, span.attributes)
    _put_count(out, 0x50, span.dropped_attributes)
    for event in span.events:
        _put_event(out, <SpanEvent?>event)
    _put_count(out, 0x60, span.dropped_events)
    for link in span.links:
        _put_link(out, <Link?>link)
    _put_count(out, 0x70, span.dropped_links)
    status = _begin(out, 0x7A)
    _put_text_unless_empty(out, 0x12, span.message)
    _put_count(out, 0x18, _STATUS[span.status])
    _end(out, status)
    _put_flags(out, span.flags)
    _end(out, begin)
    return out.content()


cdef int _put_event(Buffer out, SpanEvent event) except -1:
    cdef Py_ssize_t begin = _begin(out, 0x5A)
    _put_time(out, 0x09, event.time)
    _put_text_unless_empty(out, 0x12, event.name)
    _put_attributes(out, b"\x1a", 1, event.attributes)
    _put_count(out, 0x20, event.dropped_attributes)
    return _end(out, begin)


cdef int _put_link(Buffer out, Link link) except -1:
    cdef Py_ssize_t begin = _begin(out, 0x6A)
    _put_id(out, 0x0A, link.trace_id, 16)
    _put_id(out, 0x12, link.span_id, 8)
    _put_attributes(out, b"\x22", 1, link.attributes)
    _put_count(out, 0x28, link.dropped_attributes)
    return _end(out, begin)


cdef int _put_id(Buffer out, char tag, str digits, Py_ssize_t size) except -1:
    """Put an id of `size` bytes, which is given in hex digits."""
    cdef Py_ssize_t length, place
    cdef const char *hexadecimal = PyUnicode_AsUTF8AndSize(digits, &length)
    cdef int high, low
    if length != 2 * size:
        raise ValueError(f"{digits!r} is no id of {size} bytes")
    _put_number(out, tag, size)
    cdef char *at = out.room(size)
    for place in range(size):
        high, low = _digit(hexadecimal[2 * place]), _digit(hexadecimal[2 * place + 1])
        if high < 0 or low < 0:
            raise ValueError(f"{digits!r} is no id of {size} bytes")
        at[place] = <char>(high << 4 | low)
    return 0


cdef inline int _put_count(Buffer out, char tag, number) except -1:
    """Put a number, unless it is 0, which is the default."""
    return _put_number(out, tag, number) if number else 0


cdef inline int _put_time(Buffer out, char tag, time) except -1:
    cdef uint64_t nanoseconds = time
    return _put_fixed(out, tag, <const char *>&nanoseconds)


cdef inline int _put_flags(Buffer out, flags) except -1:
    cdef uint32_t number = flags
    cdef char *at = out.room(6)
    memcpy(at, b"\x85\x01", 2)
    memcpy(at + 2, &number, 4)
    return 0
