# cython: language_level=3, boundscheck=False, wraparound=False, nonecheck=False
"""Some fields of a record, read in the same pass that checks all of its fields (`projection`)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport INT64_MAX, INT64_MIN

include "tasker_schemas/avro/values.pxi"


cdef class Field:
    """A field of a projection, and what its values must be."""

    cdef object name
    cdef Node node  # the type of a value that is not null
    cdef bint is_optional
    cdef bint is_projected
    cdef bint is_required  # a text of no bytes is no value
    cdef int64_t lowest, highest
    cdef double least, greatest
    cdef Py_ssize_t most_bytes  # of a text, and of each text of a list; negative: any


cdef class NativeProjection:
    """Reads some fields of records of one schema (`tasker_schemas.avro.projection.Projection`)."""

    cdef list _fields
    cdef dict _empty

    def __init__(self, schema, projected, limits, defaults):
        named = {}
        self._fields = [_field(field, projected, limits[field["name"]], named) for field in schema["fields"]]
        self._empty = {field["name"]: None for field in schema["fields"] if field["name"] in projected} | defaults

    def read(self, bytes value not None, Py_ssize_t position):
        """Read a record from a position to the end (`ProjectingReader`)."""
        cdef Cursor cursor
        cdef Field field
        cdef dict record = self._empty.copy()
        if not 0 <= position <= PyBytes_GET_SIZE(value):
            return None
        cursor.at = <const unsigned char *>PyBytes_AS_STRING(value) + position
        cursor.end = <const unsigned char *>PyBytes_AS_STRING(value) + PyBytes_GET_SIZE(value)
        try:
            for field in self._fields:
                if not _take(field, &cursor, record):
                    return None
        except (IndexError, ValueError):
            return None
        return record if cursor.at == cursor.end else None


cdef Field _field(declared, projected, limits, dict named):
    cdef Field field = Field()
    cdef Node node = _node(declared["type"], named)
    field.name = intern(declared["name"])
    field.is_optional = node.is_optional and len(node.children) == 2
    field.node = <Node>node.children[1] if field.is_optional else node
    field.is_projected = field.name in projected
    field.is_required = limits.required
    field.lowest, field.highest = int(max(limits.lowest, INT64_MIN)), int(min(limits.highest, INT64_MAX))
    field.least, field.greatest = limits.lowest, limits.highest
    field.most_bytes = limits.most_bytes
    return field


cdef bint _take(Field field, Cursor *cursor, dict record) except -1:
    """Read a field into the record if it is projected; return whether its value is surely right."""
    cdef Node node = field.node
    cdef const char *at
    cdef Py_ssize_t size
    cdef int64_t number
    cdef double real
    value = None
    if field.is_optional and _index(cursor, 2) == 0:
        return True
    if node.kind == STRING:
        size = _length(cursor)
        at = <const char *>cursor.at
        cursor.at += size
        if 0 <= field.most_bytes < size or (size == 0 and field.is_required):
            return False
        if field.is_projected or not _is_ascii(at, size):  # other bytes may be no text, projected or not
            value = _text(at, size)
    elif node.kind == LONG:
        number = _long(cursor)
        if not field.lowest <= number <= field.highest:
            return False
        if field.is_projected:
            value = number
    elif node.kind == DOUBLE:
        real = _double(cursor)
        if not field.least <= real <= field.greatest:  # true for a float that is no number, too
            return False
        value = real
    elif (node.kind == ARRAY or node.kind == MAP) and not field.is_projected and cursor.at < cursor.end and cursor.at[0] == 0:
        cursor.at += 1
    else:
        value = _read(node, cursor)
        if node.kind == ARRAY and field.most_bytes >= 0 and not _are_short(value, field.most_bytes):
            return False
    if field.is_projected:
        record[field.name] = value
    return True


cdef bint _are_short(list values, Py_ssize_t most_bytes):
    """Return whether all are texts that surely have no more bytes."""
    for value in values:
        if type(value) is not str or 4 * len(<str>value) > most_bytes:
            return False
    return True


cdef bint _is_ascii(const char *at, Py_ssize_t size):
    cdef uint64_t eight, found = 0
    while size >= 8:
        memcpy(&eight, at, 8)
        found |= eight
        at += 8
        size -= 8
    while size > 0:
        size -= 1
        found |= <unsigned char>at[size]
    return not found & <uint64_t>0x8080808080808080
