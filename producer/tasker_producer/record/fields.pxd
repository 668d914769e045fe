# C types for fields.py, which is compiled with them (docs/decisions/0016).
