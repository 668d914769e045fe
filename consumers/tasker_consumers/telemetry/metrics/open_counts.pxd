# C types for open_counts.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.head cimport Attempt, Bucket, Head
from tasker_consumers.telemetry.core.state cimport TaskState


@cython.locals(head=Head)
cpdef recount(TaskState state)
cdef bint _is_open(Head head)
@cython.locals(bucket=Bucket)
cdef _open_attempts(TaskState state, counted)
@cython.locals(number=int, attempts=dict, attempt=Attempt)
cdef int _in_bucket(Bucket bucket)
