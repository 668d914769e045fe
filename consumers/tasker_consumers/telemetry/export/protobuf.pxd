# C types for protobuf.py, which is compiled with them (docs/decisions/0016).
cimport cython


cpdef bytes varint(number)
@cython.locals(size=Py_ssize_t)
cpdef bytes field(bytes tag, bytes content)
cpdef bytes text(bytes tag, str value)
cpdef bytes any_value(value)
cpdef bytes python_attributes(bytes tag, dict values)
