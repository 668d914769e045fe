# C types for event_trace.py, which is compiled with them (docs/decisions/0016).
from tasker_producer.record.arguments cimport Options
from tasker_producer.record.building.occurrence cimport Subject


cpdef event_trace(name, family, Subject subject, block, Options options, misuse)
