# C types for outcomes.py, which is compiled with them (docs/decisions/0016).
