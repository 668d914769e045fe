"""Records of several partitions, merged by their time of arrival."""

from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.replay.reading import time_order
from tasker_consumers.replay.reading.time_order import TimeOrder
from tests.support.replay_records import a_record, at_offsets

TOPIC = "tasker.events.step"


def merged(streams: list[list[int]], turns: list[int], limit: int | None = None) -> list[tuple[int, int]]:
    """Feed streams of times to the merge, one record of a stream at a turn, and return what comes out."""
    order, result, position = TimeOrder(((TOPIC, n) for n in range(len(streams))), limit), [], [0] * len(streams)
    for turn in [*turns, *(n for n, stream in enumerate(streams) for _ in range(len(stream) + 1))]:
        number = turn % len(streams)
        if position[number] < len(streams[number]) and not order.has_enough((TOPIC, number)):
            time = streams[number][position[number]]
            order.advance((TOPIC, number), time)
            order.push(a_record(partition=number, offset=position[number], timestamp=time))
            position[number] += 1
        else:
            order.finish((TOPIC, number))
        result += at_offsets(order.ready())
    return result


_streams = st.lists(st.lists(st.integers(0, 50), max_size=8), min_size=1, max_size=4)


@given(_streams.map(lambda streams: [sorted(stream) for stream in streams]), st.lists(st.integers(0, 3), max_size=30))
def test_however_partitions_are_read_records_come_by_time(streams: list[list[int]], turns: list[int]) -> None:
    result = merged(streams, turns)
    times = [streams[partition][offset] for partition, offset in result]
    assert times == sorted(time for stream in streams for time in stream)


@given(_streams, st.lists(st.integers(0, 3), max_size=30), st.integers(1, 10))
def test_the_first_records_are_the_same_without_reading_more_of_a_partition(
    streams: list[list[int]], turns: list[int], limit: int
) -> None:
    assert merged(streams, turns, limit)[:limit] == merged(streams, turns)[:limit]


@given(_streams, st.lists(st.integers(0, 3), max_size=30))
def test_where_times_go_back_no_record_is_lost_and_offsets_stay_in_order(
    streams: list[list[int]], turns: list[int]
) -> None:
    result = merged(streams, turns)
    for number, stream in enumerate(streams):
        assert [offset for partition, offset in result if partition == number] == list(range(len(stream)))


def test_when_too_many_wait_all_partitions_but_the_slowest_are_paused() -> None:
    order = TimeOrder([(TOPIC, 0), (TOPIC, 1), (TOPIC, 2)])
    for offset in range(time_order.CAPACITY):
        order.advance((TOPIC, 1), offset)
        order.push(a_record(offset=offset, timestamp=offset))
        if offset == 0:
            assert order.ahead() == set()
    order.advance((TOPIC, 2), 5)
    assert order.ahead() == {(TOPIC, 1), (TOPIC, 2)}
