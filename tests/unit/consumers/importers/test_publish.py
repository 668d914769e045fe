"""Imported events as the producer takes them."""

from hypothesis import example, given
from hypothesis import strategies as st

from tasker_consumers.importers.event import EventMaker
from tasker_consumers.importers.publish import publish
from tasker_consumers.importers.times import LATEST
from tasker_producer.testing import RecordingPublisher
from tasker_schemas.names import StepEvents

MOMENTS = st.one_of(st.integers(0, LATEST), st.integers(0, 10**14))


@given(st.tuples(MOMENTS, MOMENTS, MOMENTS))
@example((10**9, 10**11 - 1, 10**12))  # numbers that look like seconds and milliseconds
def test_every_moment_that_is_read_is_published(moments: tuple[int, int, int]) -> None:
    timestamp, started_at, completed_at = moments
    fields = {
        "step_id": "s",
        "step_name": "s",
        "attempt_number": 1,
        "started_at": started_at,
        "completed_at": completed_at,
    }
    publisher = RecordingPublisher()
    publish([EventMaker("t", "t").make(StepEvents.COMPLETED, timestamp, "1", fields)], publisher)
    (event,) = publisher.events
    assert [event.fields[name] for name in ("timestamp", "started_at", "completed_at")] == list(moments)
