# C types for attempt_span.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.context cimport SpanContext
from tasker_consumers.telemetry.core.head cimport Attempt
from tasker_consumers.telemetry.spans.span cimport Span
from tasker_consumers.telemetry.spans.views.annotated cimport Annotated
from tasker_consumers.telemetry.spans.views.attempt_view cimport AttemptView
from tasker_consumers.telemetry.spans.views.interval cimport Interval
from tasker_consumers.telemetry.spans.views.task_view cimport TaskView


@cython.locals(span=Span, view=AttemptView, context=SpanContext, interval=Interval, events=Annotated, fields=dict)
cpdef Span attempt_span(TaskView task, key, Attempt attempt, names)
@cython.locals(fields=dict, attributes=dict)
cdef dict _attributes(TaskView task, key, AttemptView view)
