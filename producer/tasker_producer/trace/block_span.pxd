# C types for block_span.py, which is compiled with them (docs/decisions/0016).
