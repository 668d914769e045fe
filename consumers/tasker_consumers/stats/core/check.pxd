# C types for check.py, which is compiled with them (docs/decisions/0016).

cpdef check(dict event, bytes key, family)
