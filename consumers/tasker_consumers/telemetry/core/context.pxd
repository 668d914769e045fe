# C types for context.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.head cimport Attempt, Head, TraceSource
from tasker_consumers.telemetry.core.state cimport TaskState


cpdef task_context(Head head)
cpdef freeze(Head head, context)
cpdef attempt_context(TaskState state, task, key, Attempt attempt)
@cython.locals(attempt=Attempt)
cpdef attempt_span_id(TaskState state, task, key)
cdef _attempt_context(TaskState state, task, key, Attempt attempt)
@cython.locals(sibling=Attempt, source=TraceSource)
cdef bint _is_taken(TaskState state, task, key, span_id)
cdef tuple _ids_of(Attempt attempt)
cdef _derived_id(task, task_id, key)
cdef _carried_by_task(Head head)
cdef _carried_by_steps(Head head)
