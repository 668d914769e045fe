# C types for end_span.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.spans.span cimport Span, SpanEvent
from tasker_consumers.telemetry.spans.views.task_view cimport TaskView


@cython.locals(span=Span, attributes=dict, exception=SpanEvent)
cpdef Span end_span(TaskView view, Span root, names)
cdef _end_span_id(task_id, root_id)
