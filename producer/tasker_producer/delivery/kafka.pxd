# C types for kafka.py, which is compiled with them (docs/decisions/0016).


cdef class KafkaDelivery:
    cdef object _kafka
    cdef object _foreign
    cdef object _spool
    cdef object _closing
    cdef object _hear_of
    cdef object _drop_log
    cdef public object _backlog
    cdef public object _worker
    cdef public bint _is_closed

    cpdef send(self, str topic, bytes key, bytes value, list headers)
    cdef _queue(self, str topic, bytes key, bytes value, list headers)
    cdef _refusal(self, str topic, error)
