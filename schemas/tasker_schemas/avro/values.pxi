# The types of a schema as a tree of nodes, and what is read with a pointer into the bytes of a record. No byte is looked
# at before it is sure to be there.

from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcmp, memcpy

from sys import intern

cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL

cdef enum Kind:
    NOTHING, BOOLEAN, LONG, DOUBLE, STRING, UNION, ENUM, ARRAY, MAP, RECORD

_PRIMITIVES = {
    "null": NOTHING, "boolean": BOOLEAN, "int": LONG, "long": LONG, "double": DOUBLE, "string": STRING,
}
cdef enum:
    MOST_ONE_BYTE_INDEXES = 64
    SHORT = 32  # bytes; the ids of events are longer


cdef struct Cursor:
    const unsigned char *at
    const unsigned char *end


cdef class Node:
    """One type of a schema."""

    cdef Kind kind
    cdef tuple children  # a record's fields, a union's branches, or the one type of what an array or a map holds
    cdef tuple names  # of a record's fields, or an enum's symbols
    cdef bint is_optional  # a union whose first branch is null
    cdef tuple kept  # of each field whether it is wanted; None when all are
    cdef dict empty  # a record whose fields are all null, to be copied: a dict that grows is slower


cdef Node _node(schema, dict named):
    cdef Node node
    if isinstance(schema, list):
        return _parent(UNION, schema, (), named)
    if isinstance(schema, str):
        if schema in named:
            return named[schema]
        node = Node()
        node.kind = _PRIMITIVES[schema]
        return node
    kind = schema["type"]
    if kind == "record":
        fields = schema["fields"]
        return _parent(RECORD, [field["type"] for field in fields], [field["name"] for field in fields], named)
    if kind == "array":
        return _parent(ARRAY, [schema["items"]], (), named)
    if kind == "map":
        return _parent(MAP, [schema["values"]], (), named)
    if kind == "enum":
        named[schema["name"]] = node = _parent(ENUM, (), schema["symbols"], named)
        return node
    return _node(kind, named)


cdef Node _parent(Kind kind, children, names, dict named):
    cdef Node node = Node()
    if len(children if kind == UNION else names if kind == ENUM else ()) > MOST_ONE_BYTE_INDEXES:
        raise ValueError("an index of more than one byte")
    node.kind = kind
    node.children = tuple([_node(child, named) for child in children])
    node.is_optional = kind == UNION and len(node.children) > 0 and (<Node>node.children[0]).kind == NOTHING
    node.names = tuple([intern(name) for name in names])  # whoever asks a record for a field finds it faster
    node.empty = dict.fromkeys(node.names)
    return node


cdef object _read(Node node, Cursor *cursor):
    if node.kind == UNION:
        node = <Node>node.children[_index(cursor, len(node.children))]
    if node.kind == NOTHING:
        return None
    if node.kind == STRING:
        return _string(cursor)
    if node.kind == LONG:
        return _long(cursor)
    if node.kind == DOUBLE:
        return _double(cursor)
    if node.kind == BOOLEAN:
        return _byte(cursor) != 0
    if node.kind == ENUM:
        return node.names[_index(cursor, len(node.names))]
    return _record(node, cursor) if node.kind == RECORD else _items(node, cursor)


cdef dict _record(Node node, Cursor *cursor):
    cdef dict record = node.empty.copy() if node.kept is None else {}
    cdef Py_ssize_t place
    cdef Node child
    for place in range(len(node.children)):
        child = <Node>node.children[place]
        if child.is_optional and cursor.at < cursor.end and cursor.at[0] == 0:  # null, as most fields are
            cursor.at += 1
        elif node.kept is not None and not node.kept[place]:
            _pass_over(child, cursor)
        else:
            value = _read(child, cursor)
            if node.kept is None or value or value == 0:
                record[node.names[place]] = value
    return record


cdef object _items(Node node, Cursor *cursor):
    """Return the list of an array, or the dict of a map."""
    cdef Node inner = <Node>node.children[0]
    cdef list items = []
    cdef dict entries = {}
    cdef int64_t left = _block(cursor)
    while left:
        while left:
            if node.kind == ARRAY:
                items.append(_read(inner, cursor))
            else:
                key = _string(cursor)
                entries[key] = _read(inner, cursor)
            left -= 1
        left = _block(cursor)
    return items if node.kind == ARRAY else entries


cdef int64_t _block(Cursor *cursor) except -1:
    """Return how many items come next; each takes a byte at least."""
    cdef int64_t count = _long(cursor)
    if count < 0:
        count = -count
        _long(cursor)  # the block's size in bytes, for those who want to skip it
    if count < 0 or count > cursor.end - cursor.at:
        raise IndexError
    return count


cdef int _pass_over(Node node, Cursor *cursor) except -1:
    """Leave a value unread; only of what is not text it is made all the same."""
    if node.kind == UNION:
        node = <Node>node.children[_index(cursor, len(node.children))]
    if node.kind == STRING:
        cursor.at += _length(cursor)
    elif node.kind == LONG:
        _long(cursor)
    elif node.kind != NOTHING:
        _read(node, cursor)
    return 0


cdef object _string(Cursor *cursor):
    cdef Py_ssize_t size = _length(cursor)
    cdef const char *at = <const char *>cursor.at
    cursor.at += size
    return _text(at, size)


cdef inline object _text(const char *at, Py_ssize_t size):
    return _short_text(at, size) if 0 < size <= SHORT else PyUnicode_DecodeUTF8(at, size, NULL)


cdef object _short_text(const char *at, Py_ssize_t size):
    """Return a text: the object that was made for it before, if it was among the last, as names of steps are."""
    cdef uint64_t first = 0, last = 0
    cdef Py_ssize_t length, place
    cdef const char *known
    memcpy(&first, at, min(size, 8))
    memcpy(&last, at + max(size - 8, 0), min(size, 8))
    place = ((first ^ last * <uint64_t>0x9E3779B97F4A7C15) * <uint64_t>0xD6E8FEB86659FD93 + size) >> 54
    text = _texts[place]
    if text is not None:
        known = PyUnicode_AsUTF8AndSize(text, &length)
        if length == size and memcmp(known, at, size) == 0:
            return text
    text = _texts[place] = PyUnicode_DecodeUTF8(at, size, NULL)
    return text


# Short texts that were read last, each at the place that its bytes lead to.
cdef list _texts = [None] * 1024  # ten bits


cdef inline int _byte(Cursor *cursor) except -1:
    if cursor.at >= cursor.end:
        raise IndexError
    cursor.at += 1
    return cursor.at[-1]


cdef inline Py_ssize_t _index(Cursor *cursor, Py_ssize_t count) except -1:
    cdef int byte = _byte(cursor)
    if byte & 1 or byte >> 1 >= count:
        raise ValueError("a branch or symbol that the schema does not have")
    return byte >> 1


cdef inline Py_ssize_t _length(Cursor *cursor) except -1:
    cdef int64_t size = _long(cursor)
    if size < 0:
        raise ValueError("a negative length")
    if size > cursor.end - cursor.at:
        raise IndexError
    return size


cdef inline double _double(Cursor *cursor) except? -1:
    cdef double number
    if cursor.end - cursor.at < 8:
        raise IndexError
    memcpy(&number, cursor.at, 8)  # the machines that this runs on are little-endian, as Avro is
    cursor.at += 8
    return number


cdef inline int64_t _long(Cursor *cursor) except? -1:
    cdef uint64_t number = 0
    cdef int byte, shift = 0
    while True:
        byte = _byte(cursor)
        if shift == 63 and byte > 1:
            raise ValueError("a number of more than 64 bits")
        number |= <uint64_t>(byte & 0x7F) << shift
        if byte < 0x80:
            return <int64_t>(number >> 1) ^ -<int64_t>(number & 1)
        shift += 7
