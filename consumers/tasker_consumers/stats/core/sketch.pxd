# C types for sketch.py, which is compiled with them (docs/decisions/0016).

cdef class Sketch:
    cdef public dict bins

    cpdef add(self, duration, int times=*)
    cpdef merge(self, Sketch sketch, int times=*)
    cdef _add(self, index, times)
