# C types for step_states.py, which is compiled with them (docs/decisions/0016).
