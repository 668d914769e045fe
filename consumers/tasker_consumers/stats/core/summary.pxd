# C types for summary.py, which is compiled with them (docs/decisions/0016).
from tasker_consumers.stats.core.steps cimport Figures

cdef int _ERROR, _CANCELLED, _COMPLETE


cdef class Summary:
    cdef public Py_ssize_t events
    cdef public Py_ssize_t steps
    cdef public Py_ssize_t completed
    cdef public Py_ssize_t failed
    cdef public Py_ssize_t cancelled
    cdef public object attempts
    cdef public object retries
    cdef public object work
    cdef public object longest
    cdef public object longest_time
    cdef public bint ordered

    cpdef add_step(self, step_id, Py_ssize_t events, depends_on, Figures figures)
    cpdef merge(self, Summary summary)
    cpdef list row(self)
    cpdef _see_time(self, step_id, time)


cdef bint _longer(step, time, than, than_time)
