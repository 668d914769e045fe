# C types for lattice.py, which is compiled with them (docs/decisions/0016).

cpdef object least(a, b)
