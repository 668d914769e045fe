# C types for headers.py, which is compiled with them (docs/decisions/0016).
cimport cython


@cython.locals(seconds=cython.longlong, microseconds=cython.longlong)
cpdef rfc3339(timestamp)
