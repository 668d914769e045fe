# C types for critical_path.py, which is compiled with them (docs/decisions/0016).
cimport cython


cdef class Node:
    cdef readonly object step_id
    cdef readonly object time
    cdef readonly object depends_on


@cython.locals(node=Node, times=dict, dependencies=dict, chains=dict, steps=list, ordered=bint)
cpdef object critical_path(nodes)
@cython.locals(
    followers=dict, unfinished=dict, predecessors=dict, ready=list, present=list, chains=dict, remaining=int
)
cdef dict _best_chains(dict times, dict dependencies)
