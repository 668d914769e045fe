# C types for avro_writer.py, which is compiled with them (docs/decisions/0016).
cimport cython


cdef class FieldWriter:
    cdef public Py_ssize_t position
    cdef public object quick
    cdef public object write


cdef class RecordWriter:
    cdef public dict fields
    cdef public list absent


cdef bytes _long(value)
@cython.locals(low=cython.longlong, high=cython.longlong, spread=cython.longlong)
cpdef bytes _moment(long long value)
@cython.locals(data=bytes, size=Py_ssize_t)
cpdef bytes _string(str value)
@cython.locals(data=bytes, size=Py_ssize_t)
cpdef bytes _string_in_union(str value)
cpdef bytes _attribute(value)
