# cython: language_level=3, boundscheck=False, wraparound=False, nonecheck=False
"""The records of a Kafka batch (message format 2), in C.

A record is its position in the batch: its key, its value and its headers are made when somebody asks for them. All
lengths are read as 64 bits and compared with the end of the batch before they are used, also those of headers that
nobody asks for: a batch is refused as a whole or is safe to read.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcmp

cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL


include "tasker_consumers/engine/faust/record_cursor.pxi"


cdef struct Span:
    Py_ssize_t at  # in the batch
    Py_ssize_t size  # negative for null


cdef class NativeHeaders:
    """A record's names and values, in their order; made only when somebody looks at them."""

    cdef bytes _batch
    cdef Py_ssize_t _at
    cdef Py_ssize_t _end

    def __iter__(self):
        return iter(self._read())

    def __getitem__(self, index):
        return self._read()[index]

    def __len__(self):
        cdef Cursor cursor = _cursor(self._batch, self._at, self._end)
        return _varint(&cursor)

    def among(self, tuple names not None):
        """Return the headers that have one of these names; the others stay unread.

        Names are compared byte by byte. A header whose name is none of plain lower case is returned too: whoever reads
        names in any case has to look at it.
        """
        cdef Cursor cursor = _cursor(self._batch, self._at, self._end)
        cdef int64_t remaining = _varint(&cursor)
        cdef list headers = []
        cdef Span value
        while remaining > 0:
            name = _name_among(&cursor, names)
            value = _span(&cursor, self._batch)
            if name is not None:
                headers.append((name, _bytes(self._batch, value)))
            remaining -= 1
        return headers

    cdef list _read(self):
        cdef Cursor cursor = _cursor(self._batch, self._at, self._end)
        cdef int64_t remaining = _varint(&cursor)
        cdef list headers = []
        while remaining > 0:
            headers.append((_text(&cursor), _bytes(self._batch, _span(&cursor, self._batch))))
            remaining -= 1
        return headers


cdef class NativeRecord:
    """A record as the engine takes it (`tasker_consumers.engine.processor.Record`)."""

    cdef readonly str topic
    cdef readonly int partition
    cdef readonly int64_t offset
    cdef readonly int64_t timestamp
    cdef bytes _batch
    cdef Span _key
    cdef Span _value
    cdef Py_ssize_t _headers_at
    cdef Py_ssize_t _end

    @property
    def key(self):
        return _bytes(self._batch, self._key)

    @property
    def value(self):
        return _bytes(self._batch, self._value)

    @property
    def headers(self):
        cdef NativeHeaders headers = NativeHeaders.__new__(NativeHeaders)
        headers._batch, headers._at, headers._end = self._batch, self._headers_at, self._end
        return headers

    @property
    def size(self):
        """Bytes of key, value and headers, as they lie in the batch."""
        return self._end - self._key.at


def unpack(
    str topic, int partition, bytes payload not None, int64_t offset, int64_t timestamp, int64_t append_time, int64_t count
):
    """Return the `count` records of a batch whose first record would have this offset and timestamp.

    An `append_time` that is not negative is the time of all of them. Raises ValueError for bytes that are not exactly
    so many records.
    """
    cdef const char *start = PyBytes_AS_STRING(payload)
    cdef Cursor cursor = _cursor(payload, 0, PyBytes_GET_SIZE(payload))
    cdef Cursor inner
    cdef int64_t size
    cdef uint64_t when
    cdef NativeRecord record
    cdef list records = []
    while len(records) < count:
        size = _size(&cursor)
        if size < 0:
            raise ValueError("a record of a negative size")
        inner.at, inner.end = cursor.at, cursor.at + size
        cursor.at += size
        _varint(&inner)  # attributes, of which Kafka has none yet
        record = NativeRecord.__new__(NativeRecord)
        record.topic, record.partition, record._batch = topic, partition, payload
        # Unsigned, because numbers of foreign bytes may overflow, which C allows only for these.
        when = <uint64_t>timestamp + <uint64_t>_varint(&inner)
        record.timestamp = <int64_t>when if append_time < 0 else append_time
        record.offset = <int64_t>(<uint64_t>offset + <uint64_t>_varint(&inner))
        record._key = _span(&inner, payload)
        record._value = _span(&inner, payload)
        record._headers_at = inner.at - start
        record._end = inner.end - start
        _check_headers(&inner)
        records.append(record)
    if cursor.at != cursor.end:
        raise ValueError("bytes after the last record")
    return records


cdef inline Cursor _cursor(bytes data, Py_ssize_t start, Py_ssize_t end):
    cdef Cursor cursor
    cursor.at = PyBytes_AS_STRING(data) + start
    cursor.end = PyBytes_AS_STRING(data) + end
    return cursor


cdef int _check_headers(Cursor *cursor) except -1:
    """Walk over the headers to the record's end; raises ValueError when they do not end there."""
    cdef int64_t remaining = _varint(cursor)
    cdef int64_t size
    if remaining < 0:
        raise ValueError("a negative number of headers")
    while remaining > 0:
        size = _size(cursor)
        if size < 0:
            raise ValueError("a header without a name")
        cursor.at += size
        size = _size(cursor)
        if size > 0:
            cursor.at += size
        remaining -= 1
    if cursor.at != cursor.end:
        raise ValueError("a record that does not end with its headers")
    return 0


cdef inline Span _span(Cursor *cursor, bytes batch) except *:
    """Return where the next bytes are, and move the cursor behind them."""
    cdef int64_t size = _size(cursor)
    cdef Span span
    span.size = size
    span.at = cursor.at - PyBytes_AS_STRING(batch)
    if size > 0:
        cursor.at += size
    return span


cdef inline bytes _bytes(bytes batch, Span span):
    return None if span.size < 0 else PyBytes_FromStringAndSize(PyBytes_AS_STRING(batch) + span.at, span.size)


cdef str _text(Cursor *cursor):
    cdef int64_t size = _size(cursor)
    if size < 0:
        raise ValueError("a header without a name")
    text = PyUnicode_DecodeUTF8(cursor.at, size, "replace")  # other clients may send names that are no UTF-8
    cursor.at += size
    return text


cdef str _name_among(Cursor *cursor, tuple names):
    """Return the next name if it is one of these, or if it is not plain; None for any other."""
    cdef int64_t size = _size(cursor)
    cdef Py_ssize_t length, position
    cdef const char *text
    if size < 0:
        raise ValueError("a header without a name")
    for name in names:
        text = PyUnicode_AsUTF8AndSize(name, &length)
        if length == size and memcmp(text, cursor.at, size) == 0:
            cursor.at += size
            return name
    cursor.at += size
    for position in range(1, size + 1):
        if cursor.at[-position] & 0x80 or c"A" <= cursor.at[-position] <= c"Z":
            return PyUnicode_DecodeUTF8(cursor.at - size, size, "replace")
    return None


def native_size(list records not None):
    """Return how many bytes the records of a run have, as they lie in their batches."""
    cdef Py_ssize_t size = 0
    for record in records:
        if type(record) is NativeRecord:
            size += (<NativeRecord>record)._end - (<NativeRecord>record)._key.at
    return size
