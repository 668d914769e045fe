# C types for contribution.py, which is compiled with them (docs/decisions/0016).
cimport cython

@cython.final
@cython.no_gc
@cython.freelist(256)
cdef class Contribution:
    cdef readonly object name
    cdef readonly object ended_at
    cdef readonly int rank
    cdef readonly object retries
    cdef readonly object duration


cpdef Contribution contribution_of_stats(dict stats)
