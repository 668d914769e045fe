# C types for windows.py, which is compiled with them (docs/decisions/0016).
from tasker_consumers.stats.core.contribution cimport Contribution
from tasker_consumers.stats.core.sketch cimport Sketch


cdef class Window:
    cdef public list outcomes
    cdef public object retries
    cdef public object time
    cdef public Sketch durations

    cpdef add(self, Contribution part, int times=*)
    cpdef merge(self, Window window, int times=*)
    cpdef list row(self)


cpdef object start_of(time, length_s)
