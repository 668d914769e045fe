# C types for values.py, which is compiled with them (docs/decisions/0016).
