# C types for pending.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.head cimport Head
from tasker_consumers.telemetry.core.state cimport TaskState


@cython.locals(head=Head, ended=list, pending=dict)
cpdef list update_ready(TaskState state, policy, now_us)
