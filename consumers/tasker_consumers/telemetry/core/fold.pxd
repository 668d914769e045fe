# C types for fold.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.event cimport Event
from tasker_consumers.telemetry.core.facts cimport Arrival, Fact
from tasker_consumers.telemetry.core.head cimport Annotated, Attempt, Closed, Gap, Group, Head, TaskStart, TraceSource
from tasker_consumers.telemetry.core.state cimport TaskState


@cython.locals(data=dict, head=Head, fact=Fact)
cpdef TaskState fold(TaskState state, Event event)
cpdef measured_duration(dict fields)
@cython.locals(stored=Fact)
cdef bint _keep(dict facts, Fact fact)
cdef _learn_source(Head head, Fact fact)
@cython.locals(source=TraceSource)
cdef _learn_step_source(Head head, Fact fact)
cdef bint _is_earlier(Fact fact, TraceSource source)
cdef _learn_step_start(Head head, Fact fact)
cdef _start_of(Fact fact)
@cython.locals(head=Head, start=TaskStart, stored=Fact)
cdef _fold_task(TaskState state, Fact fact)
@cython.locals(attempt=Attempt)
cdef _fold_attempt(TaskState state, key, Fact fact)
cdef bint _add_to_attempt(Attempt attempt, Fact fact)
@cython.locals(fact=Fact)
cdef _learn_again(Attempt attempt)
cdef _count_late(TaskState state, key, Fact fact, exported_rank)
@cython.locals(fields=dict, about_step=bint)
cdef _fold_annotation(TaskState state, family, Fact fact)
@cython.locals(head=Head, annotations=Annotated)
cdef _fold_on_task(TaskState state, Fact fact)
@cython.locals(group=Group)
cdef _fold_grouped(TaskState state, span_id, Fact fact)
cdef bint _reopens(Closed closed, dict data)
