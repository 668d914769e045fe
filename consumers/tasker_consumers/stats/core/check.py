"""What an event must be, beyond what its schema says, to be folded."""

from tasker_consumers.stats.core.steps import Event
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tasker_schemas.names import Family

_STEP = f"{Family.STEP}."


def check(event: Event, key: bytes | None, family: str) -> None:
    """Raise PoisonRecord for an event that would be folded into the wrong task or under the wrong rules.

    `key` is that of its record, `family` what the names of the topic's events begin with.
    """
    if key is None:
        raise PoisonRecord(PoisonReason.NULL_KEY, "an event without a key belongs to no partition")
    if event["task_id"].encode() != key:
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"the key is {key!r}, but task_id is {event['task_id']!r}")
    if b"\0" in key:
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"task_id {event['task_id']!r} contains a NUL character")
    if not event["event_name"].startswith(family):
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"event_name is {event['event_name']!r}, not {family}*")
    if family == _STEP and event["attempt_number"] < 1:  # what a job queue counts, in other families, is its own affair
        number = event["attempt_number"]
        raise PoisonRecord(PoisonReason.INVALID_EVENT, f"attempt_number is {number}, but attempts count from 1")
