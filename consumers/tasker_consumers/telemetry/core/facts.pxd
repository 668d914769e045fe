# C types for facts.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.event cimport Event


cdef class Fact:
    cdef public object event_id
    cdef public object name
    cdef public object timestamp
    cdef public int rank
    cdef public object order
    cdef public dict fields
    cdef public object carried
    cdef public Py_ssize_t size


cdef class Arrival:
    cdef public object key
    cdef public Fact fact


@cython.locals(fields=dict)
cpdef Fact fact_of(Event event)
cpdef Fact make_fact(event_id, dict fields, carried)
cpdef canonical(Fact fact)
cpdef digest(event_id)
