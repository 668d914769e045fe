"""Facts: what the fold keeps of an event."""

from tasker_consumers.telemetry.core.event import Event
from tasker_consumers.telemetry.core.facts import NO_STATE, StatusEvent, digest, fact_of, make_fact
from tasker_schemas.names import Family


def test_a_fact_leaves_the_event_as_it_was_and_drops_the_ids_of_its_place() -> None:
    data = {"event_id": "e", "event_name": "task.completed", "timestamp": 7, "task_id": "42"}
    fact = fact_of(Event(Family.TASK, data, None))
    assert fact.fields == {"event_name": "task.completed", "timestamp": 7}
    assert data["event_id"] == "e"


def test_an_annotation_knows_its_size_and_an_event_that_tells_a_state_its_rank() -> None:
    note, end = (make_fact("e", {"event_name": name, "timestamp": 7}, None) for name in ("shop.note", "step.completed"))
    assert (note.rank, note.size > 0) == (NO_STATE, True)
    assert (end.rank > NO_STATE, end.size) == (True, 0)


def test_the_latest_event_holds_and_of_two_at_once_the_event_that_goes_further() -> None:
    assert max(StatusEvent(1, 4, "a"), StatusEvent(2, 0, "b")) == StatusEvent(2, 0, "b")
    assert max(StatusEvent(1, 4, "a"), StatusEvent(1, 2, "b")) == StatusEvent(1, 4, "a")


def test_digests_of_different_ids_differ() -> None:
    assert digest("a") != digest("b")
