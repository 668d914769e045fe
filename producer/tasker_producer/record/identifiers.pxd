# C types for identifiers.py, which is compiled with them (docs/decisions/0016).
