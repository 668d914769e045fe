# cython: language_level=3, boundscheck=False, wraparound=False, nonecheck=False
"""Which records of a Kafka batch (message format 2) can be selected, told without making objects of the others."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcmp


include "tasker_consumers/engine/faust/record_cursor.pxi"


cdef class RecordFilter:
    """Conditions on keys and headers.

    `key` is the whole key, or None for any; each pair of `headers` is a name and a value that must be there. Of each
    pair of `choices`, a name and a mapping, the mapping tells by `[value]` whether the first header of that name may
    be right; a record without such a header passes.
    """

    cdef bytes _key
    cdef list _headers
    cdef list _choices

    def __init__(self, bytes key, headers, choices):
        self._key = key
        self._headers = [(<bytes?>name, <bytes?>value) for name, value in headers]
        self._choices = [(<bytes?>name, mapping) for name, mapping in choices]
        if len(self._headers) > 60 or len(self._choices) > 60:
            raise ValueError("at most 60 conditions on headers")

    def positions(self, bytes payload not None, int64_t count):
        """Return the positions, from 0, of those of the batch's `count` records that pass.

        Raises ValueError for bytes that are not exactly so many records.
        """
        cdef Cursor cursor, record
        cdef int64_t size, number
        cdef list passed = []
        cursor.at = PyBytes_AS_STRING(payload)
        cursor.end = cursor.at + PyBytes_GET_SIZE(payload)
        for number in range(count):
            size = _size(&cursor)
            if size < 0:
                raise ValueError("a record of a negative size")
            record.at, record.end = cursor.at, cursor.at + size
            cursor.at += size
            if self._passes(&record):
                passed.append(number)
        if cursor.at != cursor.end:
            raise ValueError("bytes after the last record")
        return passed

    cdef bint _passes(self, Cursor *record) except -1:
        cdef int64_t size
        _varint(record), _varint(record), _varint(record)  # attributes, time, offset
        size = _size(record)
        if self._key is not None and not _is(self._key, record.at, size):
            return False
        if size > 0:
            record.at += size
        size = _size(record)
        if size > 0:
            record.at += size
        return not (self._headers or self._choices) or self._has_headers(record)

    cdef bint _has_headers(self, Cursor *cursor) except -1:
        cdef uint64_t met = 0, seen = 0
        cdef int64_t remaining = _varint(cursor)
        cdef int64_t name_size, size
        cdef const char *name
        cdef Py_ssize_t number, count = len(self._headers), choices = len(self._choices)
        while remaining > 0:
            remaining -= 1
            name_size = _size(cursor)
            if name_size < 0:
                raise ValueError("a header without a name")
            name = cursor.at
            cursor.at += name_size
            size = _size(cursor)
            for number in range(count):
                pair = <tuple>self._headers[number]
                if _is(<bytes>pair[0], name, name_size) and _is(<bytes>pair[1], cursor.at, size):
                    met |= <uint64_t>1 << number
            for number in range(choices):
                pair = <tuple>self._choices[number]
                if not (seen >> number) & 1 and _is(<bytes>pair[0], name, name_size):
                    seen |= <uint64_t>1 << number
                    if size >= 0 and not pair[1][PyBytes_FromStringAndSize(cursor.at, size)]:
                        return False
            if size > 0:
                cursor.at += size
        return met == (<uint64_t>1 << count) - 1


cdef inline bint _is(bytes wanted, const char *at, int64_t size):
    return PyBytes_GET_SIZE(wanted) == size and memcmp(PyBytes_AS_STRING(wanted), at, size) == 0
