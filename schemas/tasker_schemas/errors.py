"""Errors of the system, by who has to act.

TaskerEventsError
├── UsageError           the calling code is wrong: never retried, shown to the developer
├── ConfigurationError   a setting is wrong: nothing starts, the operator mends it
├── PoisonRecord         this record can never be read: to the dead letters, the rest goes on
└── BackendUnavailable   nothing is wrong with the record: wait, then try the same record again
"""

from enum import StrEnum


class TaskerEventsError(Exception):
    """Root of every error that this system raises on purpose."""


class UsageError(TaskerEventsError):
    """The caller's mistake; the message names the field and the expected value."""


class ConfigurationError(TaskerEventsError):
    """A setting that cannot work; the message names the setting and the expected value."""


class BackendUnavailable(TaskerEventsError):
    """A broker, registry, database or trace backend does not answer; trying again may help."""


class PoisonReason(StrEnum):
    """Why a record can never be read."""

    NULL_KEY = "null_key"  # its task, and so its partition, is unknown
    NULL_VALUE = "null_value"  # a tombstone on a topic that has none
    BAD_MAGIC = "bad_magic"  # neither of the two framings
    UNKNOWN_SCHEMA = "unknown_schema"  # a fingerprint or schema id that nobody knows
    FOREIGN_SCHEMA = "foreign_schema"  # a known schema, but of another topic's records
    TOO_LARGE = "too_large"  # longer than any record of ours
    TRUNCATED = "truncated"  # ends before its last field
    TRAILING_BYTES = "trailing_bytes"  # goes on after its last field
    BOMB = "bomb"  # announces more items or bytes than it has
    MALFORMED = "malformed"  # anything else that Avro refuses
    INVALID_EVENT = "invalid_event"  # readable, but breaks a rule of the catalogue
    PROCESSING_FAILED = "processing_failed"  # readable, but an exception that nobody expected came of it


class PoisonRecord(TaskerEventsError):
    """A record that can never be read; `reason` is a member of a closed set, for counting."""

    def __init__(self, reason: PoisonReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
