# cython: language_level=3, boundscheck=False, wraparound=False, nonecheck=False
"""The records of a Kafka batch (message format 2), in C.

A record is where it stands in its batch: its key, its value and its headers are made when somebody asks for them.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.limits cimport INT_MAX
from libc.stdint cimport int64_t, uint64_t


cdef struct Cursor:
    const char *at
    const char *end


cdef struct Span:
    int at  # in the batch
    int size  # negative for null


cdef class NativeHeaders:
    """A record's names and values, in their order; those who never look at them pay for nothing."""

    cdef bytes _batch
    cdef int _at
    cdef int _end

    def __iter__(self):
        return iter(self._read())

    def __getitem__(self, place):
        return self._read()[place]

    def __len__(self):
        cdef Cursor cursor = _cursor(self._batch, self._at, self._end)
        return _varint(&cursor)

    cdef list _read(self):
        cdef Cursor cursor = _cursor(self._batch, self._at, self._end)
        cdef int64_t left = _varint(&cursor)
        cdef list found = []
        while left > 0:
            found.append((_text(&cursor), _bytes(self._batch, _span(&cursor, self._batch))))
            left -= 1
        return found


cdef class NativeRecord:
    """A record as the engine takes it (`tasker_consumers.engine.processor.Record`)."""

    cdef readonly str topic
    cdef readonly int partition
    cdef readonly int64_t offset
    cdef readonly int64_t timestamp
    cdef bytes _batch
    cdef Span _key
    cdef Span _value
    cdef int _headers_at
    cdef int _end

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


def unpack(str topic, int partition, bytes payload not None, int64_t offset, int64_t timestamp, int64_t append_time):
    """Return the records of a batch whose first one would have this offset and timestamp.

    An `append_time` that is not negative is the time of all of them. Raises ValueError for bytes that are no records.
    """
    cdef const char *start = PyBytes_AS_STRING(payload)
    cdef Cursor cursor = _cursor(payload, 0, PyBytes_GET_SIZE(payload))
    cdef Cursor inner
    cdef int64_t size, when
    cdef NativeRecord record
    cdef list records = []
    if PyBytes_GET_SIZE(payload) > INT_MAX:
        raise ValueError("a batch of more than 2 GiB")
    while cursor.at < cursor.end:
        size = _size(&cursor)
        inner.at, inner.end = cursor.at, cursor.at + size
        cursor.at += size
        if size < 1:
            raise ValueError("a record without attributes")
        inner.at += 1  # attributes, of which there are none yet
        record = NativeRecord.__new__(NativeRecord)
        record.topic, record.partition, record._batch = topic, partition, payload
        when = timestamp + _varint(&inner)
        record.timestamp = when if append_time < 0 else append_time
        record.offset = offset + _varint(&inner)
        record._key = _span(&inner, payload)
        record._value = _span(&inner, payload)
        record._headers_at = inner.at - start
        record._end = inner.end - start
        records.append(record)
    return records


cdef inline Cursor _cursor(bytes data, Py_ssize_t start, Py_ssize_t end):
    cdef Cursor cursor
    cursor.at = PyBytes_AS_STRING(data) + start
    cursor.end = PyBytes_AS_STRING(data) + end
    return cursor


cdef inline Span _span(Cursor *cursor, bytes batch) except *:
    """Return where the next bytes are, and go on behind them."""
    cdef Span span
    span.size = _size(cursor)
    span.at = cursor.at - PyBytes_AS_STRING(batch)
    cursor.at += max(span.size, 0)
    return span


cdef inline bytes _bytes(bytes batch, Span span):
    return None if span.size < 0 else PyBytes_FromStringAndSize(PyBytes_AS_STRING(batch) + span.at, span.size)


cdef str _text(Cursor *cursor):
    cdef int64_t size = _size(cursor)
    if size < 0:
        raise ValueError("a header without a name")
    text = PyUnicode_DecodeUTF8(cursor.at, size, "replace")  # whatever others name theirs
    cursor.at += size
    return text


cdef inline int64_t _size(Cursor *cursor) except? -1:
    """Return how many bytes come next, a negative number for null."""
    cdef int64_t size = _varint(cursor)
    if size > cursor.end - cursor.at:
        raise ValueError("a record that ends too early")
    return size


cdef inline int64_t _varint(Cursor *cursor) except? -1:
    cdef uint64_t number = 0
    cdef int shift = 0
    cdef unsigned char byte
    while cursor.at < cursor.end and shift < 64:
        byte = <unsigned char>cursor.at[0]
        cursor.at += 1
        number |= <uint64_t>(byte & 0x7F) << shift
        if byte < 0x80:
            return <int64_t>(number >> 1) ^ -<int64_t>(number & 1)
        shift += 7
    raise ValueError("a record that ends in a number")
