# C types for submission.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_producer.record.arguments cimport Call, Options
from tasker_producer.record.building.builder cimport EncodedEvent, EventBuilder


cdef class EventSubmission:
    cdef public object settings
    cdef public object misuse
    cdef public object _delivery
    cdef public EventBuilder _builder
    cdef bint _presume

    @cython.locals(event=EncodedEvent)
    cpdef submit(self, name, Call call, misuse, error=*, subject=*)
    cpdef _begin(self, name, fields, Options options, misuse)
