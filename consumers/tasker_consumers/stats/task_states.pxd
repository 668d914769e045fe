# C types for task_states.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.stats.clocks cimport StateClock
from tasker_consumers.stats.core.state cimport TaskState
from tasker_schemas.avro.codec cimport Decoder


cdef class TaskStates:
    cdef readonly tuple sources
    cdef readonly StateClock _clock
    cdef dict _records
    cdef Decoder _decoder

    @cython.locals(event=dict)
    cpdef tuple decode(self, record)
    cpdef TaskState fold(self, TaskState state, tuple record)
    cpdef TaskState load(self, bytes key, read)
    cpdef dict dump(self, bytes key, TaskState state)
