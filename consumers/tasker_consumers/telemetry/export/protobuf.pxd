# C types for protobuf.py, which is compiled with them (docs/decisions/0016).
cimport cython


cpdef bytes varint(number)
@cython.locals(size=Py_ssize_t)
cpdef bytes field(bytes tag, bytes content)
cpdef bytes text(bytes tag, str value)
@cython.locals(out=list)
cpdef bytes attributes(bytes tag, dict values)
@cython.locals(size=Py_ssize_t, content=bytes)
cpdef bytes key_value(bytes tag, str name, value)
@cython.locals(size=Py_ssize_t, encoded=bytes)
cpdef bytes any_value(value)
