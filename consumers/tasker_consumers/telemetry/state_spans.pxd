# C types for state_spans.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.head cimport Attempt
from tasker_consumers.telemetry.core.state cimport TaskState
from tasker_consumers.telemetry.spans.span cimport Span
from tasker_consumers.telemetry.spans.views.task_view cimport TaskView


cpdef list end_task(TaskView view, policy)
@cython.locals(attempt=Attempt, span=Span)
cpdef list end_attempt(TaskView view, key, policy)
