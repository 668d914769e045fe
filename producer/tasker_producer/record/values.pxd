# C types for values.py, which is compiled with them (docs/decisions/0016).


cdef class _Walk:
    cdef object _masker
    cdef Py_ssize_t _left
    cdef Py_ssize_t _room
    cdef set _above
    cdef public bint cut

    cpdef json(self, value, tuple path)
    cdef _text(self, value)
    cdef _mapping(self, items, tuple path, hidden=*)
    cdef _items(self, values, tuple path)
    cdef _uncommon(self, value, tuple path)
    cdef _numpy(self, value, tuple path)
    cdef _as_text(self, value, tuple path)
    cdef _bytes(self, value)


cdef _number(value)
