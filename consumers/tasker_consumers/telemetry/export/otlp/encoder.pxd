# C types for encoder.py, which is compiled with them (docs/decisions/0016).
cimport cython


@cython.locals(parts=list)
cpdef bytes encode_span(span)
cdef bytes _event(event)
cdef bytes _link(link)
cdef bytes _status(code, message)
