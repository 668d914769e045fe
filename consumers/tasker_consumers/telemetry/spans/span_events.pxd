# C types for span_events.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.facts cimport Fact


@cython.locals(fact=Fact, events=list, in_order=bint, ends=bint)
cpdef list span_events(entries, interval, Fact end)
@cython.locals(fields=dict, attributes=dict)
cpdef exception_event(Fact fact, shown)
@cython.locals(fields=dict)
cdef dict _event_attributes(Fact fact)
