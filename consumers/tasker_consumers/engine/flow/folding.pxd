# C types for folding.py, which is compiled with them (docs/decisions/0016).
cimport cython


cdef class Folding:
    cdef readonly dict touched
    cdef readonly list burials
    cdef readonly Py_ssize_t position
    cdef readonly list records
    cdef list _keys
    cdef object _read
    cdef object _decode
    cdef object _load
    cdef object _fold

    @cython.locals(end=Py_ssize_t)
    cpdef advance(self, Py_ssize_t count)
    cpdef fold(self, event)
    cpdef bury(self, error)
    @cython.locals(groups=dict, group=list)
    cdef _group(self, records)
