"""Of several sources of a context, the least holds."""

from tasker_consumers.telemetry.core.event import Carried
from tasker_consumers.telemetry.core.facts import make_fact
from tasker_consumers.telemetry.core.head import source_of

CARRIED = Carried("a" * 32, "b" * 16, 1, "", "")


def test_the_earliest_event_that_carries_a_context_is_the_least_source() -> None:
    early, late = (
        source_of(make_fact(event_id, {"event_name": "step.handle", "timestamp": timestamp}, CARRIED))
        for event_id, timestamp in (("b", 1), ("a", 2))
    )
    assert min(late, early) is early
