# C types for clocks.py, which is compiled with them (docs/decisions/0016).
cimport cython


@cython.locals(nanoseconds=cython.longlong)
cpdef wall_clock()
@cython.locals(nanoseconds=cython.longlong)
cpdef monotonic_clock()


cdef class StateClock:
    cdef readonly object wall
    cdef object _monotonic
    cdef object _newest
    cdef object _offset
    cdef bint _reported

    cpdef heard_at(self, timestamp_ms)
