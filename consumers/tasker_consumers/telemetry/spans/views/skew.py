"""Clocks of two hosts that disagree: a step is moved into its task, its duration untouched.

Only a step that another host reported than the host that started the task can be off by its clock; on the same host
times that look impossible did happen, and are shown as reported.
"""

from tasker_consumers.telemetry.core.event import FAILED
from tasker_consumers.telemetry.core.head import Head


def shift_into(head: Head, producer: str, start: int, end: int) -> int:
    """Return by how many microseconds a step has to be moved to lie in its task, as far as its bounds are known.

    0 when it lies there, or when its times come from the host that started the task.
    """
    if head.start is None or not producer or head.start.producer == producer:
        return 0
    host = host_of(head.start.producer)
    if not host or host_of(producer) == host:
        return 0
    first = head.start.timestamp
    if start < first:
        return first - start
    last = _end_by(host, head)
    return max(last - end, first - start) if last is not None and end > last else 0


def host_of(producer: str) -> str:
    """Return the host of a producer, which is named `host:pid`.

    >>> host_of("worker-3:4711")
    'worker-3'
    """
    return producer.rpartition(":")[0]


def _end_by(host: str, head: Head) -> int | None:
    """Return the task's end if the host that told its start told it too."""
    if head.status is None or head.status.rank < FAILED:
        return None
    end = head.facts[head.status.event_id]
    return end.ended_at if host_of(end.fields.get("producer", "")) == host else None
