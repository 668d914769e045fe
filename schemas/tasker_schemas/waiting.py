"""What a task, or a step of it, waits for: an approval, a timer, another system; as its own events say.

Waiting is no state of the catalogue, because readers that do not know a state show less than `in_progress`. It is an
event with attributes, which older readers show like any other (docs/decisions/0051).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from tasker_schemas.names import ObservabilityEvents
from tasker_schemas.silence import MAX_SILENCE_S, silence_limit

#: The events by which a task, and a step, says that it waits.
WAITING_EVENTS = frozenset({str(ObservabilityEvents.Task.WAITING), str(ObservabilityEvents.Step.WAITING)})
#: The attributes of a waiting event: a short word, and a moment in ISO 8601 when the waiting is to end.
WAITING_FOR, WAITING_UNTIL = "waiting_for", "waiting_until"
#: The reason of a waiting event that gives none.
UNKNOWN_REASON = "unknown"
#: The status that lists and filters show for a task that is not over and waits. No record holds it.
WAITING = "waiting"

_MAX_REASON = 200  # characters; the event itself has the whole text
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MAX_WAIT = round(MAX_SILENCE_S * 1_000_000)


class Sign(NamedTuple):
    """The word of a task or step about itself: that it waits, or that it goes on; times in microseconds.

    Of several of the same subject the greatest holds: the latest, of equal times a waiting.
    """

    timestamp: int
    #: What it waits for; empty when it goes on.
    reason: str = ""
    #: The attempt of the step; 0 for a task, and where the event names no attempt.
    attempt: int = 0
    #: When the waiting is to end, at most a year after it began; 0 is unknown.
    until: int = 0
    #: How many seconds of silence the waiting may take; 0 is unknown.
    limit_s: float = 0.0


def sign_of(event: Mapping[str, Any]) -> Sign:
    """Return the sign that an event gives; an event that is no waiting event says that work goes on.

    >>> attributes = {"waiting_for": "approval", "waiting_until": "1970-01-01T00:00:09Z"}
    >>> sign_of({"event_name": "observability.task.waiting", "timestamp": 5, "attributes": attributes})
    Sign(timestamp=5, reason='approval', attempt=0, until=9000000, limit_s=0.0)
    """
    timestamp: int = event["timestamp"]
    attempt: int = event.get("attempt_number") or 0
    if event["event_name"] not in WAITING_EVENTS:
        return Sign(timestamp, attempt=attempt)
    attributes = event.get("attributes") or {}
    until = min(_micros(attributes.get(WAITING_UNTIL)), timestamp + _MAX_WAIT)
    return Sign(timestamp, _reason(attributes.get(WAITING_FOR)), attempt, until, silence_limit(attributes) or 0.0)


def _reason(value: Any) -> str:
    return (value.strip()[:_MAX_REASON] if isinstance(value, str) else "") or UNKNOWN_REASON


def _micros(text: Any) -> int:
    """Return a moment in ISO 8601 as microseconds; 0 for anything else, and for a moment before 1970."""
    try:
        moment = datetime.fromisoformat(text)
        return max(0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND)
    except (TypeError, ValueError, OverflowError):
        return 0
