# C types for storage.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.facts cimport Fact
from tasker_consumers.telemetry.core.head cimport Annotated, Attempt, Bucket, Closed, Gap, Group, Head, TaskStart, TraceSource


cpdef bytes bucket_key(bytes key, number)
cpdef Head read_head(bytes key, read)
cpdef bytes write_head(Head head)
cpdef Bucket read_bucket(bytes key, number, read)
cpdef write_bucket(Bucket bucket)
@cython.locals(head=Head, annotations=Annotated, fact=Fact)
cdef Head _head(dict data)
cdef dict _head_json(Head head)
@cython.locals(bucket=Bucket, steps=dict)
cdef Bucket _bucket(dict data)
cdef dict _bucket_json(Bucket bucket)
@cython.locals(attempt=Attempt, fact=Fact)
cdef Attempt _attempt(dict data)
cdef dict _attempt_json(Attempt attempt)
@cython.locals(group=Group)
cdef Group _group(dict data)
cdef dict _group_json(Group group)
@cython.locals(fact=Fact)
cdef _read_annotated(Annotated annotated, dict data)
cdef _write_gap(dict data, Gap gap)
cdef dict _facts(dict data)
@cython.locals(fact=Fact)
cdef dict _facts_json(dict facts)
cdef TraceSource _source(data)
cdef list _source_json(TraceSource source)
cdef TraceSource _step_source(data)
cdef list _step_source_json(TraceSource source)
