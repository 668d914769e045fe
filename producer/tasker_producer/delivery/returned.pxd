# C types for returned.py, which is compiled with them (docs/decisions/0016).
cimport cython


cdef class Report:
    cdef object _settle
    cdef tuple _trace
    cdef object _number


@cython.locals(start=Py_ssize_t)
cpdef tuple trace_fields(list headers)
