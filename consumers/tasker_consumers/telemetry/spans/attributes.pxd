# C types for attributes.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.context cimport SpanContext
from tasker_consumers.telemetry.spans.views.interval cimport Interval


@cython.locals(found=dict)
cpdef dict business_attributes(dict values, service, reserved_here=*)
cpdef bint is_reserved(name)
cpdef add_fields(dict attributes, dict fields, tuple names)
cpdef tuple status_of(int rank, dict fields)
cpdef add_marks(dict attributes, SpanContext context, Interval interval, int rank, dict fields)
