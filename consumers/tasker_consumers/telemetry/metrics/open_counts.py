"""How many spans of a task are open: its own and those of its attempts."""

from typing import NamedTuple

from tasker_consumers.telemetry.core.head import Bucket, Head
from tasker_consumers.telemetry.core.state import TaskState


class Open(NamedTuple):
    """Tasks and attempts whose spans have not been exported with an end."""

    tasks: int = 0
    attempts: int = 0


def recount(state: TaskState) -> Open:
    """Note in a state how many of its spans are open now, and return the difference to the count before."""
    head = state.head
    tasks = attempts = 0
    if head.closed is None:
        tasks, attempts = int(_is_open(head)), _open_attempts(state, head.open_attempts)
    change = Open(tasks - head.open_tasks, attempts - head.open_attempts)
    head.open_tasks, head.open_attempts = tasks, attempts
    return change


def _is_open(head: Head) -> bool:
    if head.exported_end is None:
        return not head.abandoned
    return head.status is not None and head.exported_end != head.status  # it goes on after its end, as when retried


def _open_attempts(state: TaskState, counted: int) -> int:
    """Return the attempts that are open; of a task in many buckets, only those that changed are counted again."""
    if not state.head.spilled:
        return _in_bucket(state.head.bucket)
    if state.head.bucket.open_attempts is None:  # it has just been spread
        state.head.bucket.open_attempts = 0
        counted = 0
    for bucket in state.changed_buckets():
        number = _in_bucket(bucket)
        counted += number - (bucket.open_attempts or 0)
        bucket.open_attempts = number
    return counted


def _in_bucket(bucket: Bucket) -> int:
    number = 0
    for attempts in bucket.steps.values():
        for attempt in attempts.values():
            number += attempt.exported_rank is None
    return number
