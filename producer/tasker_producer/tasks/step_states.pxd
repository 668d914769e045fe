# C types for step_states.py, which is compiled with them (docs/decisions/0016).


cdef class AttemptNumbers:
    cdef object _first
    cdef dict _counters

    cpdef next(self, step_id)
    cpdef continue_after(self, step_id, number)


cdef class StepStates:
    cdef AttemptNumbers _attempts
    cdef dict _states

    cpdef begin_attempt(self, step_id, number, misuse)
    cpdef note_state(self, step_id, attempt, state)
