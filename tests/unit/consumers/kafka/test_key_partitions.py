"""Where a key's records can be after partitions were added."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.kafka.key_partitions import CLOCK_TOLERANCE_MS, former_partitions, partitions_of_key
from tasker_consumers.kafka.partitioner import partition_of


@given(
    st.binary(min_size=1, max_size=12),
    st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True).map(sorted),
    st.integers(1, 1_000_000),
)
def test_every_record_from_before_a_raise_lies_within_a_former_partitions_bound(
    key: bytes, counts: list[int], period: int
) -> None:
    """The topic has each count for one period; in every period each partition gets a record at once."""
    times = {
        number: position * period for position in reversed(range(len(counts))) for number in range(counts[position])
    }
    bounds = former_partitions(key, counts[-1], times)
    for position, (count, _) in enumerate(pairwise(counts)):
        partition = partition_of(key, count)
        written_until = (position + 1) * period - 1
        if partition != partition_of(key, counts[-1]):
            bound = bounds[partition]
            assert bound is not None
            assert bound > written_until


def test_a_topic_that_never_grew_is_bounded_by_its_first_records() -> None:
    bounds = former_partitions(b"42", 6, dict.fromkeys(range(6), 1000))
    assert set(bounds.values()) == {1000 + CLOCK_TOLERANCE_MS}


def test_without_records_in_the_later_partitions_there_is_no_bound() -> None:
    assert former_partitions(b"42", 6, {0: 1000}) == {0: None, 1: None, 2: None}


@given(st.binary(min_size=1, max_size=12), st.integers(1, 40))
def test_the_partitions_of_a_key_are_the_present_and_all_former_partitions(key: bytes, count: int) -> None:
    present, *former = partitions_of_key(key, count)
    assert present == partition_of(key, count)
    assert set(former) == former_partitions(key, count, {}).keys()
    assert len(former) == len(set(former))
