# C types for sampling.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.head cimport Head
from tasker_consumers.telemetry.spans.span cimport Span
from tasker_consumers.telemetry.spans.views.task_view cimport TaskView


@cython.locals(head=Head)
cpdef decide(TaskView view, Span root, policy)
@cython.locals(head=Head, span=Span)
cpdef list as_exported(TaskView view, list spans, policy)
