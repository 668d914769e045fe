# C types for processor.py, which is compiled with them (docs/decisions/0016).

cdef _check(dict event, bytes key, str family)
cdef bint _is_open(state)
