# C types for critical_path.py, which is compiled with them (docs/decisions/0016).
cimport cython


@cython.final
@cython.no_gc
@cython.freelist(256)
cdef class Node:
    cdef readonly object step_id
    cdef readonly object time
    cdef readonly object depends_on


@cython.locals(node=Node, times=dict, dependencies=dict, chains=dict, steps=list, ordered=bint)
cpdef object critical_path(nodes)
@cython.locals(chains=dict, followers=dict, unfinished=dict, awaited=list, ready=list, remaining=int)
cdef dict _best_chains(dict times, dict dependencies)
@cython.locals(before=list)
cdef tuple _chain(step_id, step_time, named, dict chains)
