# C types for head.py, which is compiled with them (docs/decisions/0016).
from tasker_consumers.telemetry.core.facts cimport Fact


cdef class TraceSource:
    cdef public bint without_parent
    cdef public object timestamp
    cdef public object event_id
    cdef public object carried


cpdef TraceSource source_of(Fact fact)


cdef class TaskStart:
    cdef public object timestamp
    cdef public object producer


cdef class Gap:
    cdef public object dropped
    cdef public object first
    cdef public object last

    cpdef holds(self, Fact fact)


cdef class Annotated:
    cdef public dict facts
    cdef public Gap gap
    cdef public Py_ssize_t size


cdef class Attempt(Annotated):
    cdef public int rank
    cdef public TraceSource source
    cdef public object span_id
    cdef public object exported_rank
    cdef public set exported_digests


cdef class Group(Annotated):
    cdef public set exported_digests


cdef class Bucket:
    cdef public dict steps
    cdef public dict groups
    cdef public object open_attempts


cdef class Closed:
    cdef public object end
    cdef public object rank


cdef class Head:
    cdef public object task_id
    cdef public object first
    cdef public object last
    cdef public object last_own
    cdef public dict signs
    cdef public dict facts
    cdef public Annotated annotations
    cdef public object status
    cdef public TraceSource source
    cdef public TraceSource step_source
    cdef public object exported_ids
    cdef public object exported_end
    cdef public TaskStart start
    cdef public object first_step_start
    cdef public object exported_start
    cdef public Closed closed
    cdef public dict pending_export
    cdef public bint awaiting_steps
    cdef public object sampled
    cdef public bint sampled_by_ratio
    cdef public bint provisional
    cdef public bint abandoned
    cdef public object late
    cdef public object seen_at
    cdef public object steps
    cdef public object open_tasks
    cdef public object open_attempts
    cdef public bint spilled
    cdef public Bucket bucket
