# C types for timeline.py, which is compiled with them (docs/decisions/0016).
from tasker_consumers.telemetry.core.facts cimport Fact


cpdef tuple _position(Fact fact)
