# C types for builder.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_producer.record.arguments cimport Options
from tasker_producer.record.building.occurrence cimport Occurrence, Subject
from tasker_producer.record.building.record_encoder cimport RecordEncoder
from tasker_producer.record.building.templates cimport Template


cdef class EncodedEvent:
    cdef public str topic
    cdef public bytes key
    cdef public bytes value
    cdef public list headers


cdef class EventBuilder:
    cdef RecordEncoder _encoder
    cdef object _templates
    cdef object _baggage_keys

    @cython.locals(template=Template, subject=Subject, occurrence=Occurrence)
    cpdef EncodedEvent build(self, name, dict fields, Options options, misuse)
