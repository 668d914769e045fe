# C types for rows.py, which is compiled with them (docs/decisions/0016).
