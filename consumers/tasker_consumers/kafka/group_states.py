"""The state of the system's consumer groups: members, and records behind by topic."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from confluent_kafka.admin import AdminClient

from tasker_consumers.kafka.groups import (
    TIMEOUT_S,
    committed_offsets,
    describe_group,
    end_offsets,
    first_offsets,
)

#: Groups that everybody wants to know of, also when they never ran.
_EXPECTED = ("stats", "telemetry", "store")
#: Records behind the end from which on somebody should look.
_MANY_BEHIND = 10_000


class TopicLag(NamedTuple):
    """How far a group is behind in a topic."""

    topic: str
    behind: int


class GroupState(NamedTuple):
    """A consumer group; `hosts` are those of its members."""

    name: str
    state: str
    members: int
    hosts: list[str]
    behind: int
    topics: list[TopicLag]

    @property
    def verdict(self) -> str:
        """`ok`, `behind`, or `stopped`."""
        if not self.members:
            return "stopped"
        return "behind" if self.behind > _MANY_BEHIND else "ok"


def group_states(admin: AdminClient, prefix: str) -> list[GroupState]:
    """Return the groups of a prefix, and those that never ran. Raises KafkaException when Kafka does not answer."""
    listed = admin.list_consumer_groups(request_timeout=TIMEOUT_S).result()
    names = {group.group_id for group in listed.valid if group.group_id.startswith(f"{prefix}-")}
    names |= {f"{prefix}-{name}" for name in _EXPECTED}
    return [group_state(admin, name) for name in sorted(names)]


def group_state(admin: AdminClient, name: str) -> GroupState:
    """Return the state of a group by its whole name. Raises KafkaException when Kafka does not answer."""
    description = describe_group(admin, name)
    if not description.members and description.state.name == "DEAD":
        return GroupState(name, "never ran", 0, [], 0, [])
    committed = committed_offsets(admin, description)
    partitions = [(entry.topic, entry.partition) for entry in committed]
    starts, ends = first_offsets(admin, partitions), end_offsets(admin, partitions)
    lags = lags_of([(entry.topic, entry.partition, entry.offset) for entry in committed], starts, ends)
    hosts = sorted({str(member.host).lstrip("/") for member in description.members})
    state = description.state.name.lower().replace("_", " ")
    return GroupState(name, state, len(description.members), hosts, sum(lag.behind for lag in lags), lags)


def lags_of(
    committed: Sequence[tuple[str, int, int]],
    starts: Mapping[tuple[str, int], int],
    ends: Mapping[tuple[str, int], int],
) -> list[TopicLag]:
    """Return the records behind by topic, the most first; a negative offset stands for none.

    Records before the first that Kafka still has are not counted: nobody can read them.

    >>> lags_of([("a", 0, 5), ("a", 1, -1001)], {("a", 0): 0, ("a", 1): 4}, {("a", 0): 7, ("a", 1): 5})
    [TopicLag(topic='a', behind=3)]
    """
    behind: dict[str, int] = {}
    for topic, partition, offset in committed:
        start = max(starts[topic, partition], offset)
        behind[topic] = behind.get(topic, 0) + max(0, ends[topic, partition] - start)
    return sorted((TopicLag(*item) for item in behind.items()), key=lambda lag: (-lag.behind, lag.topic))
