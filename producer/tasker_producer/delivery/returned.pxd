# C types for returned.py, which is compiled with them (docs/decisions/0016).
