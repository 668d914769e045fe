# C types for current.py, which is compiled with them (docs/decisions/0016).


cdef class CurrentBlock:
    cdef public object task_id
    cdef public object task_name
    cdef public object correlation_id
    cdef public object task_trace
    cdef public object step_id
    cdef public object step_name
    cdef public object attempt_number
