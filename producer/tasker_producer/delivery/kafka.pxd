# C types for kafka.py, which is compiled with them (docs/decisions/0016).
