# Protobuf's wire format into one piece of memory that grows. Included where messages are written: these few lines are
# called for every field, and a function of another module would not be inlined.
#
# The size of a message stands before it: a byte is left for it, and a message whose size takes more bytes is moved when
# it is complete.

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy, memmove

cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL

cdef enum:
    FIRST_BYTES = 2048  # more than most spans have
    VARINT = 10  # bytes of the longest


cdef class Buffer:
    """Bytes that grow."""

    cdef char *data
    cdef Py_ssize_t size
    cdef Py_ssize_t capacity

    def __cinit__(self):
        self.data = <char *>PyMem_Malloc(FIRST_BYTES)
        if self.data == NULL:
            raise MemoryError
        self.capacity = FIRST_BYTES

    def __dealloc__(self):
        PyMem_Free(self.data)

    cdef bytes content(self):
        return PyBytes_FromStringAndSize(self.data, self.size)

    cdef char *room(self, Py_ssize_t size) except NULL:
        """Return where so many bytes can be written; they count as written."""
        cdef Py_ssize_t at = self.size, capacity
        cdef void *larger
        if size > self.capacity - at:
            capacity = 2 * (at + size)
            larger = PyMem_Realloc(self.data, capacity)
            if larger == NULL:
                raise MemoryError
            self.data, self.capacity = <char *>larger, capacity
        self.size = at + size
        return self.data + at


cdef int _put_attributes(Buffer out, const char *tag, Py_ssize_t tag_size, dict values) except -1:
    cdef Py_ssize_t begin, value_begin
    for name, value in values.items():
        memcpy(out.room(tag_size - 1), tag, tag_size - 1)
        begin = _begin(out, tag[tag_size - 1])
        _put_text(out, 0x0A, name)
        value_begin = _begin(out, 0x12)
        _put_value(out, value)
        _end(out, value_begin)
        _end(out, begin)
    return 0


cdef int _put_value(Buffer out, value) except -1:
    """Put the content of an AnyValue."""
    cdef Py_ssize_t begin
    cdef double number
    if isinstance(value, str):
        return _put_text(out, 0x0A, value)
    if isinstance(value, bool):
        return _put_number(out, 0x10, value is True)
    if isinstance(value, int):
        return _put_number(out, 0x18, <uint64_t><int64_t>value)
    if isinstance(value, float):
        number = value
        return _put_fixed(out, 0x21, <const char *>&number)
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"an attribute of the type {type(value).__name__}")
    begin = _begin(out, 0x2A)
    for item in value:
        _put_item(out, item)
    return _end(out, begin)


cdef int _put_item(Buffer out, value) except -1:
    cdef Py_ssize_t begin = _begin(out, 0x0A)
    _put_value(out, value)
    return _end(out, begin)


cdef inline Py_ssize_t _begin(Buffer out, char tag) except -1:
    """Put a tag, leave a byte for the size, and return where the message begins."""
    cdef char *at = out.room(2)
    at[0] = tag
    return out.size


cdef inline int _end(Buffer out, Py_ssize_t begin) except -1:
    """Put the size of a message that began there before it."""
    cdef Py_ssize_t size = out.size - begin
    cdef Py_ssize_t more = _varint_size(size) - 1
    if more:
        out.room(more)
        memmove(out.data + begin + more, out.data + begin, size)
    _write_varint(out.data + begin - 1, size)
    return 0


cdef inline int _put_text_unless_empty(Buffer out, char tag, str text) except -1:
    return _put_text(out, tag, text) if text else 0


cdef inline int _put_text(Buffer out, char tag, text) except -1:
    cdef Py_ssize_t size
    cdef const char *content = PyUnicode_AsUTF8AndSize(text, &size)
    _put_number(out, tag, size)
    memcpy(out.room(size), content, size)
    return 0


cdef inline int _put_fixed(Buffer out, char tag, const char *content) except -1:
    cdef char *at = out.room(9)
    at[0] = tag
    memcpy(at + 1, content, 8)  # the machines that this runs on are little-endian, as protobuf is
    return 0


cdef inline int _put_number(Buffer out, char tag, uint64_t number) except -1:
    cdef char *at = out.room(1 + VARINT)
    at[0] = tag
    out.size -= VARINT - _write_varint(at + 1, number)
    return 0


cdef inline Py_ssize_t _varint_size(uint64_t number):
    cdef Py_ssize_t size = 1
    while number > 127:
        number >>= 7
        size += 1
    return size


cdef inline Py_ssize_t _write_varint(char *at, uint64_t number):
    """Write a number, and return how many bytes it took."""
    cdef Py_ssize_t size = 1
    while number > 127:
        at[0] = <char>(number & 127 | 128)
        number >>= 7
        at += 1
        size += 1
    at[0] = <char>number
    return size
