"""A leader whose broker has just come back distributes all partitions, whatever that broker knows by now."""

import pytest
from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from aiokafka.protocol.metadata import MetadataResponse_v0

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.faust.group.known_topics import KnownTopics
from tasker_consumers.engine.faust.group.static_membership import StableAssignor
from tests.unit.consumers.engine.faust.test_internals import app

__all__ = ["app"]

CHANGELOG = "t-counting-states-changelog"
TOPICS = ["t.a", "t.b", CHANGELOG]


def metadata(**partitions: int) -> ClusterMetadata:
    """Return what a client knows after such an answer of a broker."""
    cluster = ClusterMetadata()
    topics = [
        (0, name.replace("_", "."), [(0, number, 1, [1], [1]) for number in range(count)])
        for name, count in partitions.items()
    ]
    cluster.update_metadata(MetadataResponse_v0([(1, "localhost", 9092)], topics))
    return cluster


@pytest.mark.parametrize("named", [{}, {"t_a": 4}, {"t_a": 0, "t_b": 4}, {"t_a": 3, "t_b": 1}])
def test_partitions_that_brokers_do_not_name_yet_are_distributed(app: EngineApp, named: dict[str, int]) -> None:
    assignor = StableAssignor(app)
    members = {name: ConsumerProtocolMemberMetadata(4, TOPICS, assignor._metadata.dumps()) for name in ("one", "two")}
    assigned = assignor.assign(KnownTopics(metadata(**named), dict.fromkeys(app.partition_counts, 4)), members)
    placed = [(topic, n) for member in assigned.values() for topic, numbers in member.assignment for n in numbers]
    assert sorted(placed) == [(topic, n) for topic in sorted(TOPICS) for n in range(4)]


def test_topics_of_other_members_are_as_the_brokers_name_them() -> None:
    topics = KnownTopics(metadata(t_new=2), {"t.a": 3})
    assert topics.partitions_for_topic("t.new") == {0, 1}
    assert topics.partitions_for_topic("t.none") is None
