# C types for event_check.py, which is compiled with them (docs/decisions/0016).
cimport cython


cdef class FamilyRules:
    cdef readonly str prefix
    cdef readonly bint is_custom
    cdef readonly tuple required
    cdef readonly tuple ranges
    cdef readonly tuple names
    cdef readonly tuple name_lists
    cdef readonly tuple link_lists


@cython.locals(rules=FamilyRules)
cpdef check_record(dict event, bytes key, family)
cpdef bint fits(dict event, bytes key, family)
@cython.locals(names=tuple)
cdef _problem(FamilyRules rules, dict event)
cdef _problem_with_texts(FamilyRules rules, dict event)
cdef _problem_with_links(list links)
cdef _problem_with_task_id(str task_id)
cdef _problem_with_duration(dict event)
@cython.locals(name=str, task_id=str)
cdef _misplaced(FamilyRules rules, dict event, bytes key)
cdef bint _is_long(str value)
cdef FamilyRules _rules(family)
