# C types for codec.py, which is compiled with them (docs/decisions/0016).
cimport cython


cdef class Decoder:
    cdef object _lookup
    cdef object _keep
    cdef dict _readers
    cdef object _projections
    cdef dict _projecting

    @cython.locals(size=Py_ssize_t)
    cpdef dict project(self, record, bytes value)
    @cython.locals(frame=bytes, data=dict, size=Py_ssize_t, end=Py_ssize_t)
    cpdef dict decode(self, record, bytes value)
    cdef object _learn(self, record, bytes frame)
    cdef object _from_registry(self, record, schema_id)
    cdef object _know(self, record, bytes frame, bytes fingerprint)
