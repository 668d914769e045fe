# C types for encoder.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.spans.span cimport Link, Span, SpanEvent


@cython.locals(parts=list, event=SpanEvent, link=Link)
cpdef bytes encode_span(Span span)
cdef bytes _event(SpanEvent event)
cdef bytes _link(Link link)
cdef bytes _status(code, message)
