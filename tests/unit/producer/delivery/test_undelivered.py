"""An event that did not arrive gets back the headers that it was sent with."""

import pytest

from tasker_producer.delivery.undelivered import headers_again, trace_of
from tasker_producer.testing import RecordingPublisher
from tasker_schemas.avro.codec import confluent_frame


@pytest.mark.parametrize("framed", [False, True])
def test_headers_are_the_same_as_those_that_were_sent(framed: bool) -> None:
    publisher = RecordingPublisher()
    with publisher.task("order", task_id=1) as task, task.step("pay"):
        publisher.publish_event("order.paid", {"amount": 3})
    publisher.publish_event("order.seen", key="k")
    publisher.publish_no_viable_steps({"id": 1}, reason="done")
    for event in publisher.events:
        value = confluent_frame(7) + event.value[10:] if framed else event.value
        assert sorted(headers_again(event.topic, value, trace_of(event.headers))) == sorted(event.headers)
