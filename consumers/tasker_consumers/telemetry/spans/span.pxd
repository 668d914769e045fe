# C types for span.py, which is compiled with them (docs/decisions/0016).


cdef class SpanEvent:
    cdef public object time
    cdef public object name
    cdef public dict attributes
    cdef public object dropped_attributes


cdef class Link:
    cdef public object trace_id
    cdef public object span_id
    cdef public dict attributes
    cdef public object dropped_attributes


cdef class Span:
    cdef public object trace_id
    cdef public object span_id
    cdef public object parent_span_id
    cdef public object name
    cdef public object start
    cdef public object end
    cdef public object status
    cdef public object message
    cdef public dict attributes
    cdef public list events
    cdef public list links
    cdef public object service
    cdef public object flags
    cdef public object tracestate
    cdef public object dropped_attributes
    cdef public object dropped_events
    cdef public object dropped_links
    cdef public object kind
    cdef public object version
    cdef public int role


cpdef Span marked(Span span, mark)
