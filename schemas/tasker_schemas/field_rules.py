"""The rule of each field of an event, by the field's name."""

from collections.abc import Mapping
from enum import Enum, auto
from math import nextafter

#: The first moment that no event may have, in microseconds since 1970: OTLP's nanoseconds end there.
END_OF_TIME = 2**64 // 1000
#: The longest id or name, in bytes of UTF-8.
MAX_NAME_BYTES = 1000
MAX_INT = 2**31 - 1
_MAX_SECONDS = END_OF_TIME / 1_000_000


class Rule(Enum):
    """The rule that the value of a field must follow; null is a value of every optional field."""

    TIME = auto()  # microseconds since 1970, before END_OF_TIME
    SECONDS = auto()  # a finite number of seconds, not negative, shorter than all of time
    COUNT = auto()  # a whole number from 0 to the largest of Avro's int
    ATTEMPT = auto()  # a whole number from 1
    ID = auto()  # at most MAX_NAME_BYTES, and not empty where it is required
    NAME = auto()  # at most MAX_NAME_BYTES
    NAMES = auto()  # a list of ids or names
    LINKS = auto()  # a list of ErrorLink: its names and numbers are bounded, too
    ANY = auto()  # Avro's type and the size of the record bound it


RULES: Mapping[str, Rule] = {
    "attempt_number": Rule.ATTEMPT,
    "attributes": Rule.ANY,
    "backoff_seconds": Rule.SECONDS,
    "backoff_strategy": Rule.ANY,
    "backoff_type": Rule.ANY,
    "backtrace": Rule.ANY,
    "cancellation_reason": Rule.ANY,
    "completed_at": Rule.TIME,
    "completed_steps": Rule.COUNT,
    "context": Rule.ANY,
    "correlation_id": Rule.ID,
    "delay_seconds": Rule.SECONDS,
    "depends_on": Rule.NAMES,
    "error_chain": Rule.LINKS,
    "error_class": Rule.NAME,
    "error_group": Rule.NAME,
    "error_message": Rule.ANY,
    "error_notes": Rule.ANY,
    "error_steps": Rule.NAMES,
    "errors_dropped": Rule.COUNT,
    "event_id": Rule.ID,
    "event_name": Rule.ID,
    "event_type": Rule.ANY,
    "execution_duration": Rule.SECONDS,
    "failed_steps": Rule.COUNT,
    "final_status": Rule.ANY,
    "from_state": Rule.ANY,
    "job_id": Rule.ID,
    "parent_task_id": Rule.ID,
    "pending_steps": Rule.COUNT,
    "previous_attempts": Rule.COUNT,
    "processed_count": Rule.COUNT,
    "processed_steps_count": Rule.COUNT,
    "processing_mode": Rule.ANY,
    "producer": Rule.NAME,
    "queue_name": Rule.NAME,
    "reason": Rule.ANY,
    "resolved_by": Rule.ANY,
    "retry_limit": Rule.COUNT,
    "retry_reason": Rule.ANY,
    "scheduled_for": Rule.TIME,
    "service": Rule.NAME,
    "service_version": Rule.NAME,
    "started_at": Rule.TIME,
    "step_count": Rule.COUNT,
    "step_id": Rule.ID,
    "step_ids": Rule.NAMES,
    "step_inputs": Rule.ANY,
    "step_name": Rule.NAME,
    "step_names": Rule.NAMES,
    "step_results": Rule.ANY,
    "successful_count": Rule.COUNT,
    "task_id": Rule.ID,
    "task_name": Rule.NAME,
    "timestamp": Rule.TIME,
    "to_state": Rule.ANY,
    "total_steps": Rule.COUNT,
    "truncated": Rule.ANY,
}

#: The values that a rule allows, for messages.
EXPECTED: Mapping[Rule, str] = {
    Rule.TIME: f"microseconds from 0 (1970) to {END_OF_TIME - 1} (2554-07-21)",
    Rule.SECONDS: f"seconds from 0 to {_MAX_SECONDS:.0f}",
    Rule.COUNT: f"a whole number from 0 to {MAX_INT}",
    Rule.ATTEMPT: f"a whole number from 1 to {MAX_INT}",
    Rule.ID: f"1 to {MAX_NAME_BYTES} bytes of text",
    Rule.NAME: f"at most {MAX_NAME_BYTES} bytes of text",
    Rule.NAMES: f"texts of at most {MAX_NAME_BYTES} bytes",
}
#: The smallest and the largest number that a rule allows.
RANGES: Mapping[Rule, tuple[float, float]] = {
    Rule.TIME: (0, END_OF_TIME - 1),
    Rule.SECONDS: (0, nextafter(_MAX_SECONDS, 0)),
    Rule.COUNT: (0, MAX_INT),
    Rule.ATTEMPT: (1, MAX_INT),
}
