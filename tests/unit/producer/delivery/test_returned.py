"""Events that librdkafka gives back get their headers and the order in which they were sent."""

import random
from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_producer.delivery.returned import Returned, in_order, rebuild_headers, trace_fields
from tasker_producer.delivery.spool.rows import SpooledRecord
from tasker_producer.testing import RecordingPublisher
from tasker_schemas.avro.codec import confluent_frame

STEP_S = 0.00001
LATE_S = 0.02


def event(number: int, late_s: float = 0.0, partition: int = 0, thread: int = 1) -> Returned:
    record = SpooledRecord("topic", b"key", str(number).encode(), [])
    return Returned(record, partition, number * STEP_S + late_s, thread)


def numbers(records: list[SpooledRecord]) -> list[int]:
    return [int(record.value) for record in records]


@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.randoms(use_true_random=False))
def test_the_newest_come_back_first_and_go_last_however_late_they_are_heard_of(
    on_their_way: int, waiting: int, newest: int, chance: random.Random
) -> None:
    older = range(on_their_way + waiting)
    pieces = [range(len(older), len(older) + newest), older]
    events = [event(n, chance.choice([0.0, LATE_S]) * (n != piece[0])) for piece in pieces for n in piece]
    assert numbers(in_order(events)) == list(range(len(events)))


def test_pieces_that_come_back_from_the_newest_to_the_oldest_are_turned_around() -> None:
    assert numbers(in_order([event(n) for n in (5, 6, 3, 4, 0, 1, 2)])) == list(range(7))


def test_two_threads_may_hear_of_one_partition() -> None:
    first, second = [event(n) for n in (8, 0, 1, 6, 7)], [event(n, thread=2) for n in (2, 3, 4, 5)]
    together = [event for pair in zip_longest(first, second) for event in pair if event is not None]
    assert numbers(in_order(together)) == list(range(9))


def test_partitions_have_their_own_order() -> None:
    found = numbers(in_order([event(n, partition=n % 2) for n in (4, 5, 0, 2, 1, 3)]))
    assert [n for n in found if n % 2 == 0] == [0, 2, 4]
    assert [n for n in found if n % 2] == [1, 3, 5]


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
