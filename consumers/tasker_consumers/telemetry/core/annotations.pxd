# C types for annotations.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_consumers.telemetry.core.facts cimport Fact
from tasker_consumers.telemetry.core.head cimport Annotated, Gap


cpdef add_annotation(Annotated annotated, Fact fact)
@cython.locals(fact=Fact, facts=list, early=list, late=list, staying=set)
cpdef trim_annotations(Annotated annotated)
@cython.locals(fact=Fact, size=Py_ssize_t)
cdef list _within(list facts)
@cython.locals(gap=Gap)
cdef _drop(Annotated annotated, Fact fact)
