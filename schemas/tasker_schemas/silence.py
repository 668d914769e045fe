"""How long a task may be silent before it counts as abandoned, where its own events say so.

A service knows that a task waits for a person, or for a timer of three days; a group of workers has a single limit for
all tasks. So events of a task may carry a limit as an attribute. Readers that do not know it show it like any other.
"""

from collections.abc import Iterable, Mapping
from typing import Any

#: The attribute of a task's event: seconds.
SILENCE_LIMIT = "silence_limit_seconds"
#: The longest limit: a year. States of tasks cannot be kept for ever.
MAX_SILENCE_S = 365 * 86_400.0

Attributes = Mapping[str, Any] | None


def silence_limit(attributes: Attributes) -> float | None:
    """Return the limit in seconds that an event's attributes give its task; None where they give none.

    >>> silence_limit({"silence_limit_seconds": 600}), silence_limit({"silence_limit_seconds": "soon"})
    (600.0, None)
    """
    value: Any = attributes.get(SILENCE_LIMIT) if attributes else None
    if type(value) not in {int, float} or not value > 0:  # true for a float that is no number, too
        return None
    return float(min(value, MAX_SILENCE_S))


def longest_silence(events: Iterable[Attributes]) -> float | None:
    """Return the limit of a task by the attributes of its events: the longest holds, in any order of the events.

    >>> longest_silence([None, {"silence_limit_seconds": 60}, {"silence_limit_seconds": 3600}])
    3600.0
    """
    limits = [limit for attributes in events if (limit := silence_limit(attributes)) is not None]
    return max(limits, default=None)
