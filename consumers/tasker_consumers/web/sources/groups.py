"""The state of the consumer groups: members, records behind, dead letters. Asked of Kafka, kept for some seconds."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from confluent_kafka import KafkaException

from tasker_consumers.kafka.access import QuietAdmin
from tasker_consumers.kafka.groups import MANY_BEHIND, TIMEOUT_S, committed_offsets, describe_group, end_offsets
from tasker_consumers.replay.dead_letters import LetterGroup, LetterSelection, grouped, read_letters
from tasker_consumers.web.sources.sources import Sources
from tasker_schemas.errors import BackendUnavailable

#: Groups that everybody wants to know of, also when they never ran.
_EXPECTED = ("stats", "telemetry", "store")
_DAY_MS = 86_400_000


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
        return "behind" if self.behind > MANY_BEHIND else "ok"


def group_states(sources: Sources) -> list[GroupState]:
    """Return the groups of the prefix. Raises BackendUnavailable when Kafka does not answer."""
    states: list[GroupState] = sources.answers.get("groups", lambda: _ask(sources))
    return states


def _ask(sources: Sources) -> list[GroupState]:
    prefix = sources.settings.topic_prefix
    try:
        admin = QuietAdmin(sources.settings.kafka)
        listed = admin.list_consumer_groups(request_timeout=TIMEOUT_S).result()
        names = {group.group_id for group in listed.valid if group.group_id.startswith(f"{prefix}-")}
        names |= {f"{prefix}-{name}" for name in _EXPECTED}
        return [_state(admin, name) for name in sorted(names)]
    except KafkaException as error:
        raise BackendUnavailable(f"Kafka does not tell the state of the groups ({error.args[0].str()})") from error


def _state(admin: QuietAdmin, name: str) -> GroupState:
    description = describe_group(admin, name)
    if not description.members and description.state.name == "DEAD":
        return GroupState(name, "never ran", 0, [], 0, [])
    committed = committed_offsets(admin, name)
    ends = end_offsets(admin, [(entry.topic, entry.partition) for entry in committed])
    lags = lags_of([(entry.topic, entry.partition, entry.offset) for entry in committed], ends)
    hosts = sorted({str(member.host).lstrip("/") for member in description.members})
    state = description.state.name.lower().replace("_", " ")
    return GroupState(name, state, len(description.members), hosts, sum(lag.behind for lag in lags), lags)


def lags_of(committed: Sequence[tuple[str, int, int]], ends: Mapping[tuple[str, int], int]) -> list[TopicLag]:
    """Return the records behind by topic, the most first; a negative offset stands for none.

    >>> lags_of([("a", 0, 5), ("a", 1, -1001), ("b", 0, 2)], {("a", 0): 7, ("a", 1): 1, ("b", 0): 2})
    [TopicLag(topic='a', behind=3), TopicLag(topic='b', behind=0)]
    """
    behind: dict[str, int] = {}
    for topic, partition, offset in committed:
        behind[topic] = behind.get(topic, 0) + max(0, ends[topic, partition] - max(0, offset))
    return sorted((TopicLag(*item) for item in behind.items()), key=lambda lag: (-lag.behind, lag.topic))


def dead_letters(sources: Sources) -> list[tuple[str, LetterGroup]]:
    """Return the dead letters of the last week by group, topic and reason. Raises BackendUnavailable without Kafka."""
    letters: list[tuple[str, LetterGroup]] = sources.answers.get("letters", lambda: _letters(sources))
    return letters


def _letters(sources: Sources) -> list[tuple[str, LetterGroup]]:
    settings = sources.settings
    beginning = f"{settings.topic_prefix}.dlq."
    selection = LetterSelection(since=time.time_ns() // 1_000_000 - 7 * _DAY_MS)
    try:
        topics: Any = QuietAdmin(settings.kafka).list_topics(timeout=TIMEOUT_S).topics
    except KafkaException as error:
        raise BackendUnavailable(f"Kafka does not list its topics ({error.args[0].str()})") from error
    return [
        (topic.removeprefix(beginning), group)
        for topic in sorted(topics)
        if topic.startswith(beginning)
        for group in grouped(read_letters(settings.kafka, topic, selection))
    ]
