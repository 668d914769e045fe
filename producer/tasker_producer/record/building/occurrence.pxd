# C types for occurrence.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_producer.record.arguments cimport Options


cdef class Subject:
    cdef public object task_id
    cdef public object step_id
    cdef public object attempt


cdef class Occurrence:
    cdef public str event_id
    cdef public object timestamp
    cdef public object event_type


cpdef Occurrence occurrence_of(Options options, misuse)
cpdef Subject subject_of(family, dict fields, misuse)
cdef bint _is_plain_id(value)
