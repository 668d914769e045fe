# C types for context.py, which is compiled with them (docs/decisions/0016).
