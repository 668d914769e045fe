# C types for step_counts.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.facts cimport Fact
from tasker_consumers.telemetry.core.head cimport Head
from tasker_consumers.telemetry.core.state cimport TaskState
from tasker_consumers.telemetry.spans.views.task_view cimport TaskView
from tasker_consumers.telemetry.spans.views.timeline cimport Timeline


@cython.locals(fields=dict, end=Fact)
cpdef dict counters(TaskView view, Timeline timeline)
@cython.locals(head=Head, end=Fact)
cpdef bint misses_steps(TaskState state)
cdef Fact _counting_end(Head head, Fact end)
