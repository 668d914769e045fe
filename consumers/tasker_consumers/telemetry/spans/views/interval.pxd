# C types for interval.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.facts cimport Fact
from tasker_consumers.telemetry.core.head cimport Head


cdef class Interval:
    cdef public object start
    cdef public object end
    cdef public bint clamped
    cdef public bint measured
    cdef public object shift

    cpdef shown(self, timestamp)
    cpdef shown_end(self, timestamp)
    cpdef Interval moved(self, shift)
    cpdef Interval within_time(self)


cpdef Interval attempt_interval(list entries, Fact end)
@cython.locals(end=Fact)
cpdef Interval task_interval(Head head)
@cython.locals(fact=Fact)
cpdef task_start(Head head)
@cython.locals(fact=Fact, earlier=Fact, again=bint, runs=list, run=list)
cpdef list deliveries_of(list entries)
@cython.locals(fact=Fact)
cdef _first_start(list run)
@cython.locals(deliveries=list)
cdef _start_of_end(list entries, Fact end)
