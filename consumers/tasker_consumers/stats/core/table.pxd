# C types for table.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.stats.core.contribution cimport Contribution
from tasker_consumers.stats.core.steps cimport Figures, Step
from tasker_consumers.stats.core.summary cimport Summary


@cython.final
@cython.no_gc
@cython.freelist(256)
cdef class StepContribution:
    cdef readonly object name
    cdef readonly Contribution contribution
    cdef readonly object retries


cdef StepContribution _step_contribution(name, Figures figures)


cdef class Bucket:
    cdef public set events
    cdef public dict packed
    cdef public dict steps

    cpdef Step step(self, step_id)
    @cython.locals(step=Step)
    cpdef dict rows(self)
    @cython.locals(step=Step)
    cpdef StepContribution step_contribution(self, step_id)
    @cython.locals(step=Step, row=list, summary=Summary)
    cpdef Summary summary(self)
    @cython.locals(step=Step, row=list)
    cpdef list nodes(self)
    cpdef list step_contributions(self)


cdef class StepTable:
    cdef public dict buckets
    cdef public set touched
    cdef public bint spread
    cdef public object frozen
    cdef dict _summaries
    cdef set _stale
    cdef object _read
    cdef dict _loaded

    @cython.locals(bucket=Bucket, step=Step, events=set, is_new=bint)
    cpdef bint learn(self, dict event, digest)
    @cython.locals(bucket=Bucket)
    cpdef list changes(self)
    cpdef dict summaries(self)
    @cython.locals(total=Summary, summary=Summary)
    cpdef Summary total(self)
    cpdef Bucket _look(self, index)
    cdef Bucket _bucket(self, index)
    cdef _spread(self, Bucket small)


cpdef bucket_of(step_id)
