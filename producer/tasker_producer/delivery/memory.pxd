# C types for memory.py, which is compiled with them (docs/decisions/0016).

cdef class WaitingRecords:
    cdef object _records
    cdef long long _bytes
    cdef public object counts
