# cython: language_level=3, boundscheck=False, wraparound=False, nonecheck=False
"""Contexts of usual length in C: what `event.read_usual` reads, a tenth of the time.

The events of an attempt carry the same context, so those that were read last are kept: each at the place that its bytes
lead to.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.stdint cimport uint64_t
from libc.string cimport memcmp, memcpy

include "tasker_consumers/telemetry/hex_digits.pxi"

cdef enum:
    USUAL = 55  # bytes of a context of version 00
    TRACE_AT = 3, TRACE_SIZE = 32, SPAN_AT = 36, SPAN_SIZE = 16
    LAST_FLAG = 54
    KEPT = 2048


cdef class NativeContexts:
    """Reads the context of a span and that of the span above it; see `event.read_usual`."""

    cdef object _kind
    cdef list _spans
    cdef list _parents
    cdef list _contexts

    def __init__(self, kind):
        self._kind = kind
        self._spans = [None] * KEPT
        self._parents = [None] * KEPT
        self._contexts = [None] * KEPT

    def __call__(self, bytes span not None, bytes parent):
        if PyBytes_GET_SIZE(span) != USUAL or (parent is not None and PyBytes_GET_SIZE(parent) != USUAL):
            raise ValueError("a context of another length")
        cdef Py_ssize_t place = _place(PyBytes_AS_STRING(span))
        if not (_is_same(span, self._spans[place]) and _is_same(parent, self._parents[place])):
            self._contexts[place] = self._read(span, parent)
            self._spans[place], self._parents[place] = span, parent
        return self._contexts[place]

    cdef object _read(self, bytes span, bytes parent):
        cdef const char *own = PyBytes_AS_STRING(span)
        cdef const char *above = NULL if parent is None else PyBytes_AS_STRING(parent)
        if not _is_context(own):
            return None
        # A parent in another trace, or the span itself, is none: it could not be shown above the span.
        parent_id = ""
        if above != NULL and _is_context(above) and memcmp(above + TRACE_AT, own + TRACE_AT, TRACE_SIZE) == 0:
            if memcmp(above + SPAN_AT, own + SPAN_AT, SPAN_SIZE) != 0:
                parent_id = PyUnicode_DecodeASCII(above + SPAN_AT, SPAN_SIZE, NULL)
        trace_id = PyUnicode_DecodeASCII(own + TRACE_AT, TRACE_SIZE, NULL)
        span_id = PyUnicode_DecodeASCII(own + SPAN_AT, SPAN_SIZE, NULL)
        return tuple.__new__(self._kind, (trace_id, span_id, _digit(own[LAST_FLAG]) & 3, parent_id, ""))


cdef inline Py_ssize_t _place(const char *own):
    cdef uint64_t first, last
    memcpy(&first, own + SPAN_AT, 8)
    memcpy(&last, own + SPAN_AT + 8, 8)
    return ((first ^ last * <uint64_t>0x9E3779B97F4A7C15) * <uint64_t>0xD6E8FEB86659FD93 >> 32) % KEPT


cdef inline bint _is_same(bytes value, bytes known):
    if value is None or known is None:
        return value is known
    return memcmp(PyBytes_AS_STRING(value), PyBytes_AS_STRING(known), USUAL) == 0


cdef bint _is_context(const char *at):
    """Return whether bytes are a context: as the regular expression of `tasker_schemas.headers` says."""
    cdef Py_ssize_t place
    for place in range(USUAL):
        if place == TRACE_AT - 1 or place == SPAN_AT - 1 or place == SPAN_AT + SPAN_SIZE:
            if at[place] != c"-":
                return False
        elif _digit(at[place]) < 0:
            return False
    return memcmp(at, b"ff", 2) != 0 and not _is_zero(at + TRACE_AT, TRACE_SIZE) and not _is_zero(at + SPAN_AT, SPAN_SIZE)


cdef inline bint _is_zero(const char *at, Py_ssize_t size):
    cdef Py_ssize_t place
    for place in range(size):
        if at[place] != c"0":
            return False
    return True
