# C types for current.py, which is compiled with them (docs/decisions/0016).
# `Activation` has none: a chain of stays may be long, and Cython frees a chain of its objects on the C stack.


cdef class CurrentBlock:
    cdef public object task_id
    cdef public object task_name
    cdef public object correlation_id
    cdef public object task_trace
    cdef public object step_id
    cdef public object step_name
    cdef public object attempt_number
    cdef public object trace
