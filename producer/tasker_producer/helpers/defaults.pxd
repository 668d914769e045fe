# C types for defaults.py, which is compiled with them (docs/decisions/0016).
