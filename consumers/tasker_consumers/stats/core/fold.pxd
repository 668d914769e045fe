# C types for fold.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.stats.core.state cimport TaskState


cdef dict _LEARN

@cython.locals(number=cython.ulonglong, byte=cython.uchar, value=bytes)
cpdef object event_digest(event_id)
@cython.locals(of_task=bint, late=bint, is_new=bint)
cpdef TaskState fold(TaskState state, dict event, headers=*)
cdef _learn_trace(TaskState state, dict event, headers)
cpdef _learn_created(TaskState state, dict event)
cpdef _learn_start_requested(TaskState state, dict event)
cpdef _learn_status(TaskState state, dict event)
cpdef _learn_announced(TaskState state, dict event)
cpdef _learn_failed(TaskState state, dict event)
cpdef _learn_error(TaskState state, dict event)
cpdef _learn_queued(TaskState state, dict event)
cpdef _learn_handled(TaskState state, dict event)
cpdef _learn_sign(TaskState state, dict event)
