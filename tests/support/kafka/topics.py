"""Topics that are made, grown and deleted for a test.

The controller answers before the broker tells its clients, on a busy machine long before: so each of these calls
returns when the broker says so too.
"""

from collections.abc import Iterable, Mapping

from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from tests.support.processes import LIMIT_S, eventually


def make_topics(admin: AdminClient, topics: Iterable[NewTopic]) -> None:
    """Create topics."""
    wanted = {topic.topic: topic.num_partitions for topic in topics}
    _wait_for(admin.create_topics(list(topics)))
    assert eventually(lambda: wanted.items() <= _partitions(admin).items())


def make_topic(admin: AdminClient, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
    """Create a topic."""
    make_topics(admin, [NewTopic(name, partitions, 1, config=dict(config or {}))])


def grow_topics(admin: AdminClient, partitions: Mapping[str, int]) -> None:
    """Raise the numbers of partitions, which are given by the topic's name."""
    _wait_for(admin.create_partitions([NewPartitions(name, count) for name, count in partitions.items()]))
    assert eventually(lambda: partitions.items() <= _partitions(admin).items())


def delete_topics(admin: AdminClient, names: Iterable[str]) -> None:
    """Delete topics."""
    gone = set(names)
    _wait_for(admin.delete_topics(list(gone)))
    assert eventually(lambda: not gone & _partitions(admin).keys())


def _wait_for(answers: Mapping[str, object]) -> None:
    for answer in answers.values():
        answer.result(LIMIT_S)  # type: ignore[attr-defined]


def _partitions(admin: AdminClient) -> dict[str, int]:
    return {name: len(topic.partitions) for name, topic in admin.list_topics(timeout=LIMIT_S).topics.items()}
