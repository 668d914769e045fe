# C types for guard.py, which is compiled with them (docs/decisions/0016).

cpdef bytes check_size(bytes value)
