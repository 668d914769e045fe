# C types for counting.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.stats.core.contribution cimport Contribution
from tasker_consumers.stats.core.state cimport TaskState
from tasker_consumers.stats.core.table cimport Weight
from tasker_consumers.stats.core.windows cimport Window


cdef class Change:
    cdef readonly object kind
    cdef readonly object name
    cdef readonly object seen_at
    cdef readonly Contribution before
    cdef readonly Contribution now
    cdef readonly object retries


@cython.locals(before=Weight, after=Weight)
cpdef list changes_of(TaskState state, Contribution now)


cdef class Sum:
    cdef public Window window
    cdef public object seen_at

    cpdef merge(self, Window window, seen_at)
    cpdef see(self, seen_at)


cdef class Minutes:
    cdef dict _sums

    @cython.locals(change=Change)
    cpdef add(self, changes)
    cpdef add_task(self, TaskState state, int times=*)
    @cython.locals(found=Sum)
    cdef _add(self, kind, seen_at, Contribution part, int times)
