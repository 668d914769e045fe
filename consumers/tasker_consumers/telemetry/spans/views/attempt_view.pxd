# C types for attempt_view.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.facts cimport Fact
from tasker_consumers.telemetry.core.head cimport Attempt


@cython.locals(end=Fact, last=Fact)
cpdef attempt_view(task, key, Attempt attempt)
@cython.locals(fact=Fact, furthest=Fact)
cdef tuple _furthest(list entries)
@cython.locals(producer=object)
cdef _interval(task, timeline, Fact end)
