# C types for identity.py, which is compiled with them (docs/decisions/0016).
cimport cython


@cython.locals(upper=cython.uint, third=cython.uint, fourth=cython.uint, last=cython.ulonglong)
cdef str _uuid7(long long milliseconds, random_bits)
