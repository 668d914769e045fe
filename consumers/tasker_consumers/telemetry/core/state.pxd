# C types for state.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.head cimport Attempt, Bucket, Group, Head


cdef class TaskState:
    cdef public Head head
    cdef public bytes key
    cdef public object read
    cdef public set ended
    cdef public list arrivals
    cdef public list late_errors
    cdef public object _late_before
    cdef public object overdue
    cdef public dict buckets_read
    cdef public set buckets_changed

    cpdef Bucket bucket(self, name)
    cpdef Bucket change(self, name)
    cpdef Attempt find_attempt(self, key)
    @cython.locals(steps=dict, attempts=dict, attempt=Attempt)
    cpdef Attempt attempt(self, key)
    @cython.locals(groups=dict, group=Group)
    cpdef Group group(self, span_id)
    cpdef spill(self)
    @cython.locals(bucket=Bucket)
    cdef Bucket _numbered(self, number)
