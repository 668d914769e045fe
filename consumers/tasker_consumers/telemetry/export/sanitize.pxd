# C types for sanitize.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.spans.span cimport Span, SpanEvent


cdef class SpanSanitizer:
    cdef object _masker
    cdef object _limits

    cpdef Span sanitize(self, Span span)
    @cython.locals(attributes=dict)
    cpdef sanitize_record(self, record)
    @cython.locals(attributes=dict, events=list, event=SpanEvent)
    cdef Span _masked(self, Span span)
    cdef SpanEvent _masked_event(self, SpanEvent event)
    @cython.locals(masked_attributes=dict, decisions=dict)
    cdef dict _attributes(self, dict attributes)
    cdef _value(self, name, value)
