# C types for exported.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.facts cimport Fact
from tasker_consumers.telemetry.core.head cimport Attempt, Group, Head
from tasker_consumers.telemetry.core.state cimport TaskState
from tasker_consumers.telemetry.spans.views.task_view cimport TaskView


cpdef bint task_ended(TaskState state)
cpdef note_attempt(TaskState state, Attempt attempt, span_id)
cpdef note_task(TaskView view)
cdef _note_group(Group group)
