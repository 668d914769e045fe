"""Events that librdkafka gives back get their headers and the order in which they were sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_producer.delivery.returned import Returned, in_order, rebuild_headers, trace_fields
from tasker_producer.delivery.spool.rows import SpooledRecord
from tasker_producer.testing import RecordingPublisher
from tasker_schemas.avro.codec import confluent_frame


@given(st.permutations(range(50)))
def test_events_that_come_back_in_any_order_wait_in_the_order_of_their_hand_over(numbers: list[int]) -> None:
    events = [Returned(SpooledRecord("topic", b"key", str(number).encode(), []), number) for number in numbers]
    assert [int(record.value) for record in in_order(events)] == list(range(50))


@pytest.mark.parametrize("framed", [False, True])
def test_headers_are_the_same_as_those_that_were_sent(framed: bool) -> None:
    publisher = RecordingPublisher()
    with publisher.task("order", task_id=1) as task, task.step("pay"):
        publisher.publish_event("order.paid", {"amount": 3})
    publisher.publish_event("order.seen", key="k")
    publisher.publish_no_viable_steps({"id": 1}, reason="done")
    for event in publisher.events:
        value = confluent_frame(7) + event.value[10:] if framed else event.value
        assert sorted(rebuild_headers(event.topic, value, trace_fields(event.headers))) == sorted(event.headers)
