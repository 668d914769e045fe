# cython: language_level=3, boundscheck=False, wraparound=False, nonecheck=False
"""Writers of records, in C: the bytes that fastavro writes, in less than a tenth of the time.

A schema becomes a tree of nodes, and a writer walks it beside the values, with a buffer that grows. It takes what
fastavro takes, but for what would silently become something else: a float as an integer, a text as a number or a list,
an integer of more bits than its field has.
"""

from collections.abc import Mapping

from cpython.bool cimport PyBool_Check
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_CheckExact, PyDict_GetItemWithError
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_Check
from cpython.long cimport PyLong_AsDouble, PyLong_Check
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_AsUTF8String, PyUnicode_Check
from libc.stdint cimport INT32_MAX, INT32_MIN, int64_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

cdef extern from "Python.h":
    long long PyLong_AsLongLongAndOverflow(object number, int *overflow) except? -1
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL
    bint PyUnicode_IS_ASCII(object text)

cdef enum Kind:
    NOTHING, BOOLEAN, INT, LONG, DOUBLE, STRING, UNION, ENUM, ARRAY, MAP, RECORD

_PRIMITIVES = {
    "null": NOTHING, "boolean": BOOLEAN, "int": INT, "long": LONG, "double": DOUBLE, "string": STRING,
}
cdef enum:
    FIRST_SIZE = 512
    LONGEST_NUMBER = 10  # bytes


cdef struct Buffer:
    char *start
    Py_ssize_t size
    Py_ssize_t capacity


cdef class Node:
    """One type of a schema."""

    cdef Kind kind
    cdef tuple children  # a record's fields, or the one type of what an array, a map, or a union beside null holds
    cdef tuple names  # of a record's fields
    cdef tuple absent  # for each field its bytes when it is not given; None where it must be
    cdef dict places  # of an enum's symbols
    cdef char null  # which branch of a union it is


cdef class NativeWriter:
    """Writes records of one schema, which holds no logical types."""

    cdef Node _root

    def __cinit__(self, dict schema not None):
        self._root = _node(schema, {})
        if self._root.kind != RECORD:
            raise ValueError("not a record")

    def __call__(self, data, bytes frame not None):
        cdef Buffer out
        out.start, out.size, out.capacity = NULL, 0, 0
        try:
            _put(&out, PyBytes_AS_STRING(frame), PyBytes_GET_SIZE(frame))
            _record(self._root, data, &out)
            return PyBytes_FromStringAndSize(out.start, out.size)
        finally:
            free(out.start)


cdef Node _node(schema, dict named):
    cdef Node node
    if isinstance(schema, list):
        others = [branch for branch in schema if branch != "null"]
        if len(schema) != 2 or len(others) != 1:
            raise ValueError("a union of other than null and one type")
        node = _parent(UNION, others, named)
        node.null = schema.index("null")
        return node
    if isinstance(schema, str):
        if schema in named:
            return named[schema]
        if schema not in _PRIMITIVES:
            raise ValueError(f"{schema} is not written here")
        node = Node()
        node.kind = _PRIMITIVES[schema]
        return node
    kind = schema["type"]
    if kind == "record":
        fields = schema["fields"]
        node = _parent(RECORD, [field["type"] for field in fields], named)
        node.names = tuple([field["name"] for field in fields])
        node.absent = tuple([_absent(field, <Node>child) for field, child in zip(fields, node.children)])
        return node
    if kind == "array":
        return _parent(ARRAY, [schema["items"]], named)
    if kind == "map":
        return _parent(MAP, [schema["values"]], named)
    if kind == "enum":
        named[schema["name"]] = node = _parent(ENUM, (), named)
        node.places = {symbol: place for place, symbol in enumerate(schema["symbols"])}
        return node
    return _node(kind, named)


cdef Node _parent(Kind kind, children, dict named):
    cdef Node node = Node()
    node.kind = kind
    node.children = tuple([_node(child, named) for child in children])
    return node


cdef bytes _absent(field, Node node):
    """Return what is written for a field that is not given: its default, else null; None where there is neither."""
    cdef Buffer out
    if "default" not in field and node.kind != UNION and node.kind != NOTHING:
        return None
    out.start, out.size, out.capacity = NULL, 0, 0
    try:
        _write(node, field.get("default"), &out)
        return PyBytes_FromStringAndSize(out.start, out.size)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"the default of {field['name']}: {error}") from error
    finally:
        free(out.start)


cdef int _write(Node node, value, Buffer *out) except -1:
    if node.kind == UNION:
        if value is None:
            return _number(node.null, out)
        _number(1 - node.null, out)
        node = <Node>node.children[0]
        if PyBool_Check(value) and node.kind in (INT, LONG, DOUBLE):
            _refuse("a number", value)  # outside of a union it is one: fastavro makes that difference, too
    if node.kind == STRING:
        return _string(value, out)
    if node.kind == LONG or node.kind == INT:
        return _integer(node.kind, value, out)
    if node.kind == DOUBLE:
        return _double(value, out)
    if node.kind == ENUM:
        return _symbol(node, value, out)
    if node.kind == RECORD:
        return _record(node, value, out)
    if node.kind == ARRAY:
        return _items(<Node>node.children[0], value, out)
    if node.kind == MAP:
        return _entries(<Node>node.children[0], value, out)
    if node.kind == BOOLEAN:
        if not PyBool_Check(value):
            _refuse("a boolean", value)
        return _put(out, b"\x01" if value else b"\x00", 1)
    if value is not None:
        _refuse("None", value)
    return 0


cdef int _record(Node node, value, Buffer *out) except -1:
    cdef dict record = _dict(value)
    cdef Py_ssize_t place = 0
    cdef PyObject *found
    cdef bytes absent
    try:
        for place in range(len(node.names)):
            found = PyDict_GetItemWithError(record, node.names[place])
            if found is not NULL:
                given = <object>found  # held, whatever a value's own Python code does to the dict
                _write(<Node>node.children[place], given, out)
            else:
                absent = node.absent[place]
                if absent is None:
                    raise ValueError("there is no value, and no default")
                _put(out, PyBytes_AS_STRING(absent), PyBytes_GET_SIZE(absent))
    except (TypeError, ValueError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{node.names[place]}: {error}") from error
    return 0


cdef int _items(Node inner, value, Buffer *out) except -1:
    cdef Py_ssize_t count = 0
    if not isinstance(value, (list, tuple)):
        _refuse("a list", value)
    cdef tuple items = tuple(value)  # which nobody changes meanwhile
    if items:
        _number(len(items), out)
        for item in items:
            _write(inner, item, out)
    return _number(0, out)


cdef int _entries(Node inner, value, Buffer *out) except -1:
    cdef dict entries = _dict(value)
    if entries:
        _number(len(entries), out)
        for key, item in entries.items():
            _string(key, out)
            _write(inner, item, out)
    return _number(0, out)


cdef dict _dict(value):
    """Return a mapping as a dict; not all dicts of other classes iterate in the order that C sees."""
    if PyDict_CheckExact(value):
        return value
    if not isinstance(value, Mapping):
        _refuse("a mapping", value)
    return dict(value.items())


cdef int _symbol(Node node, value, Buffer *out) except -1:
    if not PyUnicode_Check(value):
        _refuse("a symbol", value)
    cdef PyObject *place = PyDict_GetItemWithError(node.places, value)
    if place is NULL:
        raise ValueError("a symbol that the schema does not have")
    return _number(<object>place, out)


cdef int _string(value, Buffer *out) except -1:
    cdef Py_ssize_t size
    cdef const char *text
    cdef bytes encoded
    if not PyUnicode_Check(value):
        _refuse("text", value)
    if PyUnicode_IS_ASCII(value):
        text = PyUnicode_AsUTF8AndSize(value, &size)
    else:  # of other text it would leave a copy behind, for as long as the text lives
        encoded = PyUnicode_AsUTF8String(value)
        text, size = PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded)
    _number(size, out)
    return _put(out, text, size)


cdef int _integer(Kind kind, value, Buffer *out) except -1:
    cdef int overflow = 0
    cdef int64_t number
    if not PyLong_Check(value):
        _refuse("an integer", value)
    number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow or (kind == INT and not INT32_MIN <= number <= INT32_MAX):
        raise ValueError(f"a number of more than {32 if kind == INT else 64} bits")
    return _number(number, out)


cdef int _double(value, Buffer *out) except -1:
    cdef double number = 0
    if PyFloat_Check(value):
        number = PyFloat_AS_DOUBLE(value)
    elif PyLong_Check(value):
        number = PyLong_AsDouble(value)
    else:
        _refuse("a number", value)
    return _put(out, <const char *>&number, 8)  # the machines that this runs on are little-endian, as Avro is


cdef int _refuse(str expected, value) except -1:
    raise TypeError(f"{expected} is expected, not {type(value).__name__}")


cdef inline int _number(int64_t number, Buffer *out) except -1:
    cdef uint64_t rest = (<uint64_t>number << 1) ^ <uint64_t>(number >> 63)
    _reserve(out, LONGEST_NUMBER)
    while rest > 0x7F:
        out.start[out.size] = <char>(rest & 0x7F | 0x80)
        out.size += 1
        rest >>= 7
    out.start[out.size] = <char>rest
    out.size += 1
    return 0


cdef inline int _put(Buffer *out, const char *data, Py_ssize_t size) except -1:
    _reserve(out, size)
    memcpy(out.start + out.size, data, size)
    out.size += size
    return 0


cdef inline int _reserve(Buffer *out, Py_ssize_t more) except -1:
    """Make room; there is always some, also for nothing."""
    cdef Py_ssize_t capacity
    cdef char *start
    if out.start is NULL or out.capacity - out.size < more:
        capacity = 2 * out.size + more + FIRST_SIZE
        start = <char *>realloc(out.start, capacity)
        if start is NULL:
            raise MemoryError
        out.start, out.capacity = start, capacity
    return 0
