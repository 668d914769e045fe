# cython: language_level=3, boundscheck=False, wraparound=False
"""The records of a Kafka batch (message format 2), in C; headers are read when somebody asks for them."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint64_t


cdef struct Cursor:
    const char *at
    const char *end


cdef class NativeHeaders:
    """A record's names and values, in their order; those who never look at them pay for nothing."""

    cdef bytes _data

    def __iter__(self):
        return iter(self._read())

    def __getitem__(self, place):
        return self._read()[place]

    def __len__(self):
        cdef Cursor cursor = _cursor(self._data)
        return _varint(&cursor)

    cdef list _read(self):
        cdef Cursor cursor = _cursor(self._data)
        cdef int64_t left = _varint(&cursor)
        cdef list found = []
        while left > 0:
            found.append((_text(&cursor), _blob(&cursor)))
            left -= 1
        return found


cdef class NativeRecord:
    """A record as the engine takes it (`tasker_consumers.engine.processor.Record`)."""

    cdef readonly str topic
    cdef readonly int partition
    cdef readonly int64_t offset
    cdef readonly int64_t timestamp
    cdef readonly bytes key
    cdef readonly bytes value
    cdef readonly NativeHeaders headers


def unpack(str topic, int partition, bytes payload not None, int64_t offset, int64_t timestamp, int64_t append_time):
    """Return the records of a batch whose first one would have this offset and timestamp.

    An `append_time` that is not negative is the time of all of them. Raises ValueError for bytes that are no records.
    """
    cdef Cursor cursor, inner
    cdef int64_t size, when
    cdef NativeRecord record
    cdef list records = []
    cursor = _cursor(payload)
    while cursor.at < cursor.end:
        size = _size(&cursor)
        inner.at, inner.end = cursor.at, cursor.at + size
        cursor.at += size
        if size < 1:
            raise ValueError("a record without attributes")
        inner.at += 1  # attributes, of which there are none yet
        record = NativeRecord.__new__(NativeRecord)
        record.topic, record.partition = topic, partition
        when = timestamp + _varint(&inner)
        record.timestamp = when if append_time < 0 else append_time
        record.offset = offset + _varint(&inner)
        record.key = _blob(&inner)
        record.value = _blob(&inner)
        record.headers = NativeHeaders.__new__(NativeHeaders)
        record.headers._data = PyBytes_FromStringAndSize(inner.at, inner.end - inner.at)
        records.append(record)
    return records


cdef inline Cursor _cursor(bytes data):
    cdef Cursor cursor
    cursor.at = PyBytes_AS_STRING(data)
    cursor.end = cursor.at + PyBytes_GET_SIZE(data)
    return cursor


cdef bytes _blob(Cursor *cursor):
    cdef int64_t size = _varint(cursor)
    if size < 0:
        return None
    if size > cursor.end - cursor.at:
        raise ValueError("a record that ends too early")
    blob = PyBytes_FromStringAndSize(cursor.at, size)
    cursor.at += size
    return blob


cdef str _text(Cursor *cursor):
    cdef int64_t size = _size(cursor)
    text = PyUnicode_DecodeUTF8(cursor.at, size, "replace")  # whatever others name theirs
    cursor.at += size
    return text


cdef inline int64_t _size(Cursor *cursor) except -1:
    cdef int64_t size = _varint(cursor)
    if size < 0 or size > cursor.end - cursor.at:
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
