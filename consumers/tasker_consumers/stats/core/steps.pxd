# C types for steps.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.stats.core.contribution cimport Contribution


@cython.final
@cython.no_gc
@cython.freelist(256)
cdef class Attempt:
    cdef readonly int rank
    cdef readonly object started
    cdef readonly object handled
    cdef readonly object ended
    cdef readonly object closed
    cdef readonly object reported_duration

    cpdef Attempt join(self, Attempt second)
    cpdef list row(self, number)


cdef class Step:
    cdef public set events
    cdef public object name
    cdef public object depends_on
    cdef public dict attempts
    cdef public Figures _figures

    @cython.locals(number=object, attempt=Attempt, joined_attempt=Attempt)
    cpdef learn(self, dict event, digest)
    cpdef Figures figures(self)
    @cython.locals(attempt=Attempt)
    cpdef list row(self)


@cython.final
@cython.no_gc
@cython.freelist(256)
cdef class Figures:
    cdef readonly int rank
    cdef readonly object tries
    cdef readonly object work
    cdef readonly object time
    cdef readonly object ended

    cpdef list row(self)


@cython.locals(attempt=Attempt, last=Attempt)
cpdef Figures figures_of(dict attempts)
cpdef Contribution contribution_of_step(name, Figures figures)
@cython.locals(attempt=Attempt)
cdef object _wall_time(dict attempts, list durations)
cpdef Attempt attempt_of(dict event, int rank)
cpdef object micros(seconds)
