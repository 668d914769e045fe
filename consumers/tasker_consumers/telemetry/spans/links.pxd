# C types for links.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.context cimport SpanContext
from tasker_consumers.telemetry.core.head cimport Attempt
from tasker_consumers.telemetry.core.state cimport TaskState


@cython.locals(attempt=Attempt, links=list, attempts=dict)
cpdef tuple attempt_links(TaskState state, key, dict fields, SpanContext task)
cpdef list foreign_links(SpanContext context)
