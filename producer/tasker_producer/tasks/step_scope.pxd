# C types for step_scope.py, which is compiled with them (docs/decisions/0016).
