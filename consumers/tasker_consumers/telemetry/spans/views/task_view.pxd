# C types for task_view.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.context cimport SpanContext
from tasker_consumers.telemetry.core.facts cimport Fact
from tasker_consumers.telemetry.core.head cimport Head
from tasker_consumers.telemetry.core.state cimport TaskState
from tasker_consumers.telemetry.spans.views.interval cimport Interval


cdef class TaskView:
    cdef public TaskState state
    cdef public int rank
    cdef public Fact end
    cdef public SpanContext context
    cdef public Interval interval

    cpdef bint leaves_out(self, Interval interval)


@cython.locals(head=Head, interval=Interval, rank=int)
cpdef TaskView view_of(TaskState state)
