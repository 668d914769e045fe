# C types for task_scope.py, which is compiled with them (docs/decisions/0016).
