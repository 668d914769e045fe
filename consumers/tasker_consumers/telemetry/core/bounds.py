"""How much of what has no end is kept: a task can be open for days and be remarked upon every second."""

from tasker_consumers.telemetry.core.state import Facts
from tasker_schemas.catalogue import RANK_AFTER

KEPT = 128  # at each end of time; OpenTelemetry shows no more than that in one span
_TRIM_AT = 3 * KEPT


def trim(facts: Facts) -> int:
    """Drop remarks from the middle when there are far too many, and return how many were dropped.

    The first and the last are the same whatever the order that they came in, and what tells a state always stays.
    """
    if len(facts) <= _TRIM_AT:
        return 0
    remarks = sorted(
        (fact["timestamp"], event_id) for event_id, fact in facts.items() if fact["event_name"] not in RANK_AFTER
    )
    middle = remarks[KEPT:-KEPT]
    for _, event_id in middle:
        del facts[event_id]
    return len(middle)
