# C types for state.py, which is compiled with them (docs/decisions/0016).
from tasker_consumers.stats.core.contribution cimport Contribution
from tasker_consumers.stats.core.table cimport StepTable


cdef class TaskState:
    cdef public object task_id
    cdef public object name
    cdef public object last_event_at
    cdef public object created_at
    cdef public object queued_at
    cdef public object started_at
    cdef public object start_requested_at
    cdef public object handled_at
    cdef public object announced
    cdef public Py_ssize_t abandoned_after
    cdef public object last_heard_at
    cdef public object first_heard_at
    cdef public object silence_limit_s
    cdef public dict signs
    cdef public object carrier
    cdef public object status_event
    cdef public object first_error
    cdef public set events
    cdef public StepTable steps
    cdef public bint forgotten
    cdef public Contribution stored_contribution
    cdef public bint stored_open
    cdef public Py_ssize_t repeated
    cdef public Py_ssize_t late
    cdef public bint newly_abandoned
