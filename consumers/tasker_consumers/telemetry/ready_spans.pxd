# C types for ready_spans.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.head cimport Head
from tasker_consumers.telemetry.core.state cimport TaskState
from tasker_consumers.telemetry.spans.views.task_view cimport TaskView


@cython.locals(head=Head, ready=list, early=bint, view=TaskView, spans=list)
cpdef list ready_spans(TaskState state, policy=*, now_us=*)
