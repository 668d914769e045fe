# C types for task_span.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.context cimport SpanContext
from tasker_consumers.telemetry.spans.span cimport Span
from tasker_consumers.telemetry.spans.views.annotated cimport Annotated
from tasker_consumers.telemetry.spans.views.interval cimport Interval
from tasker_consumers.telemetry.spans.views.task_view cimport TaskView
from tasker_consumers.telemetry.spans.views.timeline cimport Timeline


@cython.locals(span=Span, context=SpanContext, interval=Interval, timeline=Timeline, events=Annotated, fields=dict)
cpdef Span task_span(TaskView view, names)
@cython.locals(fields=dict, attributes=dict)
cdef dict _attributes(TaskView view, Timeline timeline)
cdef _parent_id(TaskView view)
