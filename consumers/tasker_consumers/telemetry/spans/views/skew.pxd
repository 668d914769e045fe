# C types for skew.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.facts cimport Fact
from tasker_consumers.telemetry.core.head cimport Head


cpdef shift_into(Head head, producer, start, end)
cpdef host_of(producer)
@cython.locals(end=Fact)
cdef _end_by(host, Head head)
