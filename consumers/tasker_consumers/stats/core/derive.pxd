# C types for derive.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.stats.core.contribution cimport Contribution
from tasker_consumers.stats.core.state cimport TaskState
from tasker_consumers.stats.core.summary cimport Summary


@cython.locals(steps=Summary, known_events=Py_ssize_t, abandoned=bint)
cpdef dict derive_stats(TaskState state)
@cython.locals(steps=Summary)
cpdef object status_of(TaskState state)
cpdef Contribution contribution_of_state(TaskState state)
cpdef bint is_terminal(TaskState state)
@cython.locals(steps=Summary)
cpdef bint is_settled(TaskState state)
cpdef bint is_abandoned(TaskState state, Py_ssize_t known_events)
cdef object _started_at(TaskState state)
cdef object _status(TaskState state, Summary steps)
cpdef list waits_of(TaskState state)
cdef dict _waiting_fields(TaskState state)
cdef dict _step_fields(Summary steps, Py_ssize_t total, object duration_s)
cdef tuple _critical_path(TaskState state, Summary steps)
cdef list _cut(list steps)
cdef bint _steps_are_still_coming(TaskState state, Summary steps)
cdef object _time_between(start, end)
cdef object _seconds_between(start, end)
cdef object _first_error(TaskState state)
