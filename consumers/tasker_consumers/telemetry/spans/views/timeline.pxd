# C types for timeline.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.facts cimport Fact


cdef class Timeline:
    cdef public list entries
    cdef public dict fields
    cdef public dict business


@cython.locals(entries=list, business=dict, fact=Fact)
cpdef Timeline timeline_of(dict facts)
@cython.locals(latest=Fact, fact=Fact, fields=dict)
cdef dict _together(list entries)
@cython.locals(fact=Fact, earlier=Fact)
cpdef list ordered(list entries)
cpdef tuple _position(Fact fact)
