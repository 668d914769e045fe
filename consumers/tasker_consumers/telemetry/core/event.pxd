# C types for event.py, which is compiled with them (docs/decisions/0016).
cimport cython


cdef class Event:
    cdef public object family
    cdef public dict data
    cdef public object carried
    cdef public Py_ssize_t size


@cython.locals(data=dict, value=bytes)
cpdef Event read_event(record, decode=*)
@cython.locals(found=list)
cdef _carried(headers)
cdef _carried_by(span, parent, tracestate)
