# C types for arguments.py, which is compiled with them (docs/decisions/0016).


cdef class Options:
    cdef public object event_type
    cdef public object timestamp
    cdef public object event_id
    cdef public object trace
    cdef public object key
    cdef public bint is_complete


cdef class Call:
    cdef public object fields
    cdef public Options options
    cdef public object context
