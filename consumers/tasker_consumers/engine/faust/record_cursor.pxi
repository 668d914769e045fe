# Steps through the bytes of Kafka's records (message format 2). Included where records are read: these few lines are
# called for every field, and a function of another module would not be inlined.

from libc.stdint cimport int64_t, uint64_t


cdef struct Cursor:
    const char *at
    const char *end


cdef inline int64_t _size(Cursor *cursor) except? -1:
    """Return how many bytes come next, a negative number for null; they all lie before the cursor's end."""
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
