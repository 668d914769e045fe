# C types for templates.py, which is compiled with them (docs/decisions/0016).
from tasker_producer.record.avro_writer cimport RecordWriter


cdef class Template:
    cdef public str name
    cdef public object family
    cdef public str topic
    cdef public RecordWriter writer
    cdef public dict fields
    cdef public tuple occurrence
    cdef public list headers
