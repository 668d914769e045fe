# C types for annotated.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.context cimport SpanContext
from tasker_consumers.telemetry.core.facts cimport Fact
from tasker_consumers.telemetry.core.head cimport Attempt, Bucket, Group
from tasker_consumers.telemetry.core.head cimport Annotated as Annotations
from tasker_consumers.telemetry.core.state cimport TaskState
from tasker_consumers.telemetry.spans.views.timeline cimport Timeline


cdef class Annotated:
    cdef public list entries
    cdef public object dropped


@cython.locals(annotations=Annotations, group=Group, timeline=Timeline, own=dict)
cpdef tuple annotated_task(TaskState state, SpanContext context)
@cython.locals(group=Group, bucket=Bucket)
cpdef Annotated annotated_attempt(TaskState state, Attempt attempt, Timeline timeline, span_id)
