# C types for attributes.py, which is compiled with them (docs/decisions/0016).
cimport cython


cpdef bint is_reserved(name)
cpdef add_fields(dict attributes, dict fields, tuple names)
cpdef tuple status_of(int rank, dict fields)
cpdef add_marks(dict attributes, context, interval, int rank, dict fields)
