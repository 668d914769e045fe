# C types for record_encoder.py, which is compiled with them (docs/decisions/0016).
cimport cython

from tasker_producer.record.avro_writer cimport FieldWriter, RecordWriter
from tasker_producer.record.building.occurrence cimport Occurrence
from tasker_producer.record.building.templates cimport Template


cdef class RecordEncoder:
    cdef object _converters
    cdef public object templates
    cdef object _frames
    cdef Py_ssize_t _max_bytes

    @cython.locals(writer=RecordWriter, parts=list, writers=dict, field=FieldWriter, record=bytes)
    cpdef bytes encode(self, Template template, dict fields, Occurrence occurrence, misuse)
