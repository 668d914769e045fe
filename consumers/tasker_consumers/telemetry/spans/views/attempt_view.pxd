# C types for attempt_view.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.context cimport SpanContext
from tasker_consumers.telemetry.core.facts cimport Fact
from tasker_consumers.telemetry.core.head cimport Attempt
from tasker_consumers.telemetry.spans.views.interval cimport Interval
from tasker_consumers.telemetry.spans.views.task_view cimport TaskView
from tasker_consumers.telemetry.spans.views.timeline cimport Timeline


cdef class AttemptView:
    cdef public int rank
    cdef public Fact end
    cdef public SpanContext context
    cdef public Interval interval
    cdef public Timeline timeline


@cython.locals(end=Fact, last=Fact, timeline=Timeline, context=SpanContext, rank=int)
cpdef AttemptView attempt_view(TaskView task, key, Attempt attempt)
@cython.locals(fact=Fact, furthest=Fact)
cdef tuple _furthest(list entries)
@cython.locals(interval=Interval, fields=dict)
cdef Interval _interval(TaskView task, Timeline timeline, Fact end)
