# C types for identity.py, which is compiled with them (docs/decisions/0016).
