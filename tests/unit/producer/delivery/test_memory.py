"""Records that wait in memory keep their order, their counts and their bounds."""

import pytest

from tasker_producer.delivery.memory import WaitingRecords
from tasker_producer.delivery.spool.rows import SpooledRecord
from tests.support.producer.spooled import record


def waiting(*records: SpooledRecord) -> WaitingRecords:
    queue = WaitingRecords()
    for item in records:
        queue.append(item)
    return queue


def values(records: list[SpooledRecord]) -> list[int]:
    return [int(item.value) for item in records]


def test_records_that_are_put_back_go_before_all_others_in_their_order() -> None:
    queue = waiting(record(3))
    queue.put_back([record(1), record(2)])
    assert int(queue.pop().value) == 1
    assert values(queue.clear()) == [2, 3]


def test_a_batch_passes_over_topics_and_leaves_their_records_where_they_were() -> None:
    queue = waiting(record(1, topic="paused"), record(2), record(3, topic="paused"), record(4))
    assert values(queue.pop_batch(1_000, {"paused"})) == [2, 4]
    assert queue.counts["paused"] == len(queue) == 2
    assert values(queue.clear()) == [1, 3]


def test_a_batch_ends_with_the_record_that_exceeds_its_bytes() -> None:
    queue = waiting(*(record(number) for number in range(5)))
    size = record(0).size
    assert values(queue.pop_batch(size)) == [0, 1]
    assert len(queue) == 3


def test_records_on_their_way_to_disk_count_for_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasker_producer.delivery.memory.MAX_IN_MEMORY", 3)
    queue = waiting(record(1), record(2))
    assert [queue.is_full(0), queue.is_full(1)] == [False, True]


def test_a_queue_that_was_cleared_has_room_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasker_producer.delivery.memory.MAX_BYTES_IN_MEMORY", 100)
    queue = waiting(record(1, size=200))
    assert queue.is_full(0)
    queue.clear()
    assert (queue.is_full(0), len(queue), sum(queue.counts.values())) == (False, 0, 0)
