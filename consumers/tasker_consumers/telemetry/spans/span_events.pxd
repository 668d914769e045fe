# C types for span_events.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.facts cimport Fact
from tasker_consumers.telemetry.spans.span cimport SpanEvent
from tasker_consumers.telemetry.spans.views.interval cimport Interval


@cython.locals(fact=Fact, exception=SpanEvent, events=list, in_order=bint, ends=bint)
cpdef list span_events(list entries, Interval interval, Fact end)
@cython.locals(fields=dict, attributes=dict)
cpdef SpanEvent exception_event(Fact fact, shown)
@cython.locals(fields=dict)
cdef dict _event_attributes(Fact fact)
