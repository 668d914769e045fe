# C types for drain.py, which is compiled with them (docs/decisions/0016).
