# C types for masker.py, which is compiled with them (docs/decisions/0016).
