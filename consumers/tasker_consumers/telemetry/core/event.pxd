# C types for event.py, which is compiled with them (docs/decisions/0016).
cimport cython


@cython.locals(data=dict, value=bytes)
cpdef read_event(record, decode=*)
cdef _carried(headers)
cdef _carried_by(headers)
