# C types for interval.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.facts cimport Fact
from tasker_consumers.telemetry.core.head cimport Head


cpdef attempt_interval(list entries, Fact end)
cpdef task_interval(Head head)
@cython.locals(fact=Fact)
cpdef task_start(Head head)
@cython.locals(fact=Fact, earlier=Fact, again=bint, runs=list, run=list)
cpdef list deliveries_of(list entries)
@cython.locals(fact=Fact)
cdef _first_start(list run)
cdef _start_of_end(list deliveries, Fact end)
