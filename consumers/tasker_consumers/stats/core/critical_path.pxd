# C types for critical_path.py, which is compiled with them (docs/decisions/0016).
cimport cython


cdef class Node:
    cdef readonly object step_id
    cdef readonly object time
    cdef readonly object depends_on


@cython.locals(node=Node, times=dict, needs=dict, ends=dict, chain=list, ordered=bint)
cpdef object critical_path(nodes)
@cython.locals(followers=dict, missing=dict, present=dict, ready=list, before=list, ends=dict, left=int)
cdef dict _ends(dict times, dict needs)
