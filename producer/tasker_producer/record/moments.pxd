# C types for moments.py, which is compiled with them (docs/decisions/0016).
