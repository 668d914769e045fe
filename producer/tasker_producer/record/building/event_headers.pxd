# C types for event_headers.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_producer.record.building.occurrence cimport Occurrence, Subject
from tasker_producer.record.building.templates cimport Template


@cython.locals(headers=list)
cpdef list event_headers(Template template, Occurrence occurrence, Subject subject, trace, baggage_keys=*)
