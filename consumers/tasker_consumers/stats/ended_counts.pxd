# C types for ended_counts.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.stats.core.contribution cimport Contribution
from tasker_consumers.stats.core.counting cimport Change


cdef class Ended:
    cdef public list outcomes
    cdef public object retries
    cdef public object time
    cdef public list buckets


cdef class EndedCounts:
    cdef readonly dict ended
    cdef readonly dict over_limit
    cdef Py_ssize_t _most
    cdef dict _bounds

    @cython.locals(change=Change, previous=Contribution, current=Contribution, ended=Ended)
    cpdef count(self, changes)
    @cython.locals(ended=Ended)
    cdef _count_end(self, kind, Contribution part)
    @cython.locals(names=dict)
    cdef Ended _of(self, kind, name)
