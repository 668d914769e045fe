# C types for task_metrics.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.spans.span cimport Span


cdef class Measurement:
    cdef public double seconds
    cdef public object task_name
    cdef public object step_name
    cdef public object status
    cdef public bint retried
    cdef public bint failed
    cdef public Span exemplar


cdef class TaskMetrics:
    cdef tuple _instruments
    cdef readonly object close
    cdef set _names

    @cython.locals(span=Span, exemplar=Span, attributes=dict, kinds=set, kind=tuple)
    cpdef observe(self, spans)
    cdef _bounded(self, value)


cdef class PrometheusInstruments:
    cdef object _task
    cdef object _step
    cdef object _retries
    cdef object _failures

    cpdef tell(self, Measurement measured)
