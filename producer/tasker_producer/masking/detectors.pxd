# C types for detectors.py, which is compiled with them (docs/decisions/0016).


cpdef bint may_hide(text)
