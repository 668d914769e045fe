# C types for headers.py, which is compiled with them (docs/decisions/0016).
