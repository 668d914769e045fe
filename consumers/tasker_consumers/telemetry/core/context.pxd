# C types for context.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.head cimport Attempt, Head, TraceSource
from tasker_consumers.telemetry.core.state cimport TaskState


cdef class SpanContext:
    cdef public object trace_id
    cdef public object span_id
    cdef public object parent_id
    cdef public object flags
    cdef public object tracestate
    cdef public bint derived
    cdef public tuple foreign


@cython.locals(context=SpanContext)
cpdef SpanContext task_context(Head head)
cpdef freeze(Head head, SpanContext context)
@cython.locals(context=SpanContext)
cpdef SpanContext attempt_context(TaskState state, SpanContext task, key, Attempt attempt)
@cython.locals(attempt=Attempt)
cpdef attempt_span_id(TaskState state, SpanContext task, key)
cdef SpanContext _attempt_context(TaskState state, SpanContext task, key, Attempt attempt)
@cython.locals(sibling=Attempt, source=TraceSource)
cdef bint _is_taken(TaskState state, SpanContext task, key, span_id)
cdef tuple _ids_of(Attempt attempt)
cdef _derived_id(SpanContext task, task_id, key)
cdef SpanContext _carried_by_task(Head head)
cdef SpanContext _carried_by_steps(Head head)
