# C types for storage.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.stats.core.state cimport TaskState
from tasker_consumers.stats.core.table cimport Bucket, StepTable


@cython.locals(state=TaskState)
cpdef TaskState load(bytes key, read)
@cython.locals(table=StepTable)
cpdef dict dump(bytes key, TaskState state)
cdef dict _without_parts(bytes key, TaskState state)
cpdef bytes part_key(bytes key, int index)
cdef list _head_row(TaskState state)
cpdef Bucket _read_part(bytes key, read, index)
cdef Bucket _bucket(list row)
cdef list _bucket_row(Bucket bucket)
