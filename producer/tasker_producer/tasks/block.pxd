# C types for block.py, which is compiled with them (docs/decisions/0016).
