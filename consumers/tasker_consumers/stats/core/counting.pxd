# C types for counting.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.stats.core.contribution cimport Contribution
from tasker_consumers.stats.core.state cimport TaskState
from tasker_consumers.stats.core.table cimport StepContribution
from tasker_consumers.stats.core.windows cimport Window


cdef class Change:
    cdef readonly object kind
    cdef readonly object name
    cdef readonly object first_heard_at
    cdef readonly Contribution previous
    cdef readonly Contribution current
    cdef readonly object retries


@cython.locals(previous=StepContribution, step=StepContribution)
cpdef list changes_of(TaskState state, Contribution current)


cdef class WindowDelta:
    cdef public Window window
    cdef public object first_heard_at

    cpdef merge(self, Window window, first_heard_at)
    cpdef note_first_heard(self, first_heard_at)


cdef class WindowDeltas:
    cdef dict _deltas

    @cython.locals(change=Change)
    cpdef add(self, changes)
    cpdef add_task(self, TaskState state, int times=*)
    @cython.locals(delta=WindowDelta)
    cdef _add(self, kind, first_heard_at, Contribution part, int times)
