# C types for avro_writer.py, which is compiled with them (docs/decisions/0016).
cimport cython

cdef long long _CONTINUED
cdef unsigned long long _ALL_CONTINUED
cdef dict _names


@cython.locals(written=bytes)
cdef bytes _short_text(str value)


cdef class FieldWriter:
    cdef public Py_ssize_t position
    cdef public object write

    cpdef bytes quick(self, value)


cdef class IdWriter(FieldWriter):
    cpdef bytes quick(self, value)


cdef class TextWriter(FieldWriter):
    cpdef bytes quick(self, value)


cdef class IntWriter(FieldWriter):
    cpdef bytes quick(self, value)


cdef class PlainIntWriter(FieldWriter):
    cpdef bytes quick(self, value)


cdef class MomentWriter(FieldWriter):
    cpdef bytes quick(self, value)


cdef class DurationWriter(FieldWriter):
    cpdef bytes quick(self, value)


cdef class RecordWriter:
    cdef public dict fields
    cdef public list absent


cdef bytes _long(value)
@cython.locals(low=cython.ulonglong, high=cython.ulonglong)
cpdef bytes _moment(long long value)
cdef unsigned int _spread(unsigned int bits)
@cython.locals(data=bytes, size=Py_ssize_t)
cpdef bytes _string(str value)
@cython.locals(data=bytes, size=Py_ssize_t)
cpdef bytes _string_in_union(str value)
cpdef bytes _attribute(value)
