# C types for publish_calls.py, which is compiled with them (docs/decisions/0016).
