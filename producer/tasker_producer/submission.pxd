# C types for submission.py, which is compiled with them (docs/decisions/0016).
