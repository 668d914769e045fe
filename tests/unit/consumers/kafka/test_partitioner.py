"""A key's partition, as Kafka's own clients choose it."""

import pytest

from tasker_consumers.kafka.partitioner import murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "hashed"), [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)]
)
def test_murmur2_gives_the_values_that_kafka_itself_tests(key: bytes, hashed: int) -> None:
    assert murmur2(key) == hashed & 0xFFFFFFFF


def test_a_partition_is_always_within_the_topic() -> None:
    assert {partition_of(str(number).encode(), 6) for number in range(200)} == set(range(6))
