# C types for attempt_span.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.head cimport Attempt


@cython.locals(fields=dict)
cpdef attempt_span(task, key, Attempt attempt, names)
@cython.locals(fields=dict, attributes=dict)
cdef dict _attributes(task, key, view)
