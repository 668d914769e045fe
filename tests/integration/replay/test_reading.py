"""Selections on a real broker: what they ask for is read, all of it, and little else."""

import pytest

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.partitioner import partition_of
from tasker_consumers.replay.reading.offset_range import NOTHING
from tasker_consumers.replay.reading.plan import Plan
from tasker_consumers.replay.reading.read import open_source, read
from tasker_consumers.replay.reading.select_records import SelectedRecords, select_records
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.replay.sinks.topic import republish
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family
from tests.support.kafka.event_topics import EventTopics

PARTITIONS = 4
HOUR = 3_600_000
NOON = 1_700_000_000_000
CREATE, APPEND = "CreateTime", "LogAppendTime"


@pytest.fixture(params=[CREATE, APPEND])
def topics(kafka: KafkaSource, topic_prefix: str, request: pytest.FixtureRequest) -> EventTopics:
    return EventTopics(kafka.bootstrap_servers, topic_prefix, PARTITIONS, request.param)


def values(records: list[StoredRecord] | SelectedRecords) -> list[int]:
    return [int(record.value or b"") for record in records]


def ranges_of(topics: EventTopics, selection: Selection) -> list[StoredRecord]:
    """Every record of the ranges that are read for a selection, whether it is selected or not."""
    with open_source(topics.kafka) as consumer:
        ranges = Plan(consumer, topics.kafka, selection, topics.prefix).first()
    with open_source(topics.kafka) as consumer:
        return list(read(consumer, ranges))


def test_the_whole_topic_is_read_once_and_in_order_of_time(topics: EventTopics) -> None:
    for task in range(20):
        topics.produce(f"task-{task}", range(task * 10, task * 10 + 10))
    records = list(select_records(topics.kafka, Selection(), topics.prefix))
    assert sorted(values(records)) == list(range(200))
    times = [record.timestamp or 0 for record in records]
    assert times == sorted(times)


def test_of_one_task_only_its_partition_is_read(topics: EventTopics) -> None:
    for task in range(20):
        topics.produce(f"task-{task}", range(5))
        topics.produce(f"task-{task}", range(1), family=Family.TASK)
    records = ranges_of(topics, Selection(task_id="task-7"))
    wanted = [record for record in records if record.key == b"task-7"]
    assert len(wanted) == 6
    assert {record.partition for record in wanted} == {partition_of(b"task-7", PARTITIONS)}


def test_a_task_is_found_in_the_partitions_of_before_and_after_a_raise(topics: EventTopics) -> None:
    keys = [f"task-{number}" for number in range(12)]
    for key in keys:
        topics.produce(key, range(3))
    topics.grow(PARTITIONS + 3)
    for key in keys:
        topics.produce(key, range(3, 5))
    for key in keys:
        selected = select_records(topics.kafka, Selection(task_id=key), topics.prefix)
        assert sorted(values(selected)) == [0, 1, 2, 3, 4], key
        assert not selected.searched_everywhere


def test_a_reading_goes_on_after_another_wherever_the_task_lies(topics: EventTopics) -> None:
    usual, other = "task-7", "task-8"
    foreign = (partition_of(other.encode(), PARTITIONS) + 1) % PARTITIONS
    reached = {usual: NOTHING, other: NOTHING}
    for first in (0, 5):
        topics.produce(usual, range(first, first + 5))
        topics.produce(other, range(first, first + 5), partition=foreign)
        topics.produce("task-9", range(3))
        for key, before in list(reached.items()):
            selected = SelectedRecords(topics.kafka, Selection(task_id=key), topics.prefix, after=before)
            assert sorted(values(list(selected.by_arrival()))) == list(range(first, first + 5)), key
            assert selected.searched_everywhere == (key == other)
            reached[key] = selected.reached
    for key, before in reached.items():
        selected = SelectedRecords(topics.kafka, Selection(task_id=key), topics.prefix, after=before)
        assert list(selected.by_arrival()) == []


def test_a_task_of_a_producer_with_another_partitioner_is_found_by_looking_everywhere(topics: EventTopics) -> None:
    key, stray = next(
        (str(number), partition)
        for number in range(100)
        for partition in range(PARTITIONS)
        if partition not in {partition_of(str(number).encode(), count) for count in range(1, PARTITIONS + 1)}
    )
    topics.produce(key, range(3), partition=stray)
    topics.produce("neighbour", range(3), partition=stray)
    selected = select_records(topics.kafka, Selection(task_id=key), topics.prefix)
    assert values(selected) == [0, 1, 2]
    assert selected.searched_everywhere


def test_nothing_is_said_only_after_every_partition_was_read(topics: EventTopics) -> None:
    topics.produce("42", range(3))
    selected = select_records(topics.kafka, Selection(task_id="no-such-task"), topics.prefix)
    assert list(selected) == []
    assert selected.searched_everywhere


def test_a_range_takes_every_record_of_it_also_where_times_go_back(topics: EventTopics) -> None:
    topics.produce("42", range(6), times=[NOON, NOON + HOUR, NOON + 4 * HOUR, NOON + HOUR // 2, NOON + HOUR, NOON])
    every = list(select_records(topics.kafka, Selection(task_id="42"), topics.prefix))
    times = sorted({record.timestamp or 0 for record in every})
    for since in [None, *times]:
        for until in [None, *times, times[-1] + 1]:
            if since is None or until is None or since < until:
                selection = Selection(task_id="42", since=since, until=until)
                expected = [r.offset for r in every if (since or 0) <= (r.timestamp or 0) < (until or 1 << 62)]
                selected = select_records(topics.kafka, selection, topics.prefix)
                assert [record.offset for record in selected] == expected


def test_with_times_of_arrival_a_range_ends_where_it_ends(kafka: KafkaSource, topic_prefix: str) -> None:
    topics = EventTopics(kafka.bootstrap_servers, topic_prefix, 1, APPEND)
    topics.produce("42", range(5))
    first = max(record.timestamp or 0 for record in select_records(topics.kafka, Selection(), topic_prefix))
    while not (later := list(select_records(topics.kafka, Selection(since=first + 1), topic_prefix))):
        topics.produce("42", range(5, 6))  # until the clock has gone on
    until = later[0].timestamp
    assert max(record.timestamp or 0 for record in ranges_of(topics, Selection(until=until))) == first


def test_a_range_after_the_last_record_is_empty(topics: EventTopics) -> None:
    topics.produce("42", range(3))
    assert ranges_of(topics, Selection(since=NOON * 10)) == []
    assert values(select_records(topics.kafka, Selection(until=1), topics.prefix)) == []


def test_reading_begins_at_the_named_offset_of_the_named_partition(topics: EventTopics) -> None:
    topics.produce("42", range(10), partition=2)
    topics.produce("42", range(10, 20), partition=3)
    assert values(select_records(topics.kafka, Selection(starts=((2, 7),)), topics.prefix)) == [7, 8, 9]
    with pytest.raises(UsageError, match="--offset names partition 9, but the topics have 4"):
        list(select_records(topics.kafka, Selection(starts=((9, 0),)), topics.prefix))


def test_a_limit_ends_the_reading(topics: EventTopics) -> None:
    topics.produce("42", range(10))
    assert values(select_records(topics.kafka, Selection(task_id="42", limit=3), topics.prefix)) == [0, 1, 2]


def test_a_wrong_prefix_is_a_usage_error(topics: EventTopics) -> None:
    with pytest.raises(UsageError, match="is TASKER_TOPIC_PREFIX right"):
        list(select_records(topics.kafka, Selection(), f"{topics.prefix}-no"))


def test_what_is_republished_is_the_same_byte_for_byte_with_marks(kafka: KafkaSource, topic_prefix: str) -> None:
    topics = EventTopics(kafka.bootstrap_servers, topic_prefix, PARTITIONS, CREATE)
    for task in range(20):
        topics.produce(f"task-{task}", range(5), times=[NOON + n for n in range(5)])
    steps, customs = (Selection(families=frozenset({family})) for family in (Family.STEP, Family.CUSTOM))
    before = sorted(select_records(topics.kafka, steps, topic_prefix), key=lambda r: (r.partition, r.offset))
    assert republish(topics.kafka, before, f"{topic_prefix}.events.custom", "replay-1").total() == 100
    after = sorted(select_records(topics.kafka, customs, topic_prefix), key=lambda r: (r.partition, r.offset))
    assert [(r.key, r.value, r.timestamp, r.partition) for r in after] == [
        (r.key, r.value, r.timestamp, r.partition) for r in before
    ]
    assert [r.headers for r in after] == [
        (*r.headers, ("tasker-origin", r.origin.encode()), ("tasker-replay", b"replay-1")) for r in before
    ]
