"""Consumer groups: their members and offsets, and how a group is made to read its sources from their beginning."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from tasker_consumers.kafka.access import QuietAdmin
from tasker_consumers.kafka.offsets import retry_while_electing
from tasker_schemas.errors import ConfigurationError

TIMEOUT_S = 10.0
_PAUSE_S = 0.1
_UNKNOWN_GROUP = {KafkaError.GROUP_ID_NOT_FOUND, KafkaError.INVALID_GROUP_ID}

_Offsets = dict[tuple[str, int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRange:
    """The records that a topic holds now, over all its partitions."""

    topic: str
    records: int
    #: Offsets before the first record: these records have expired.
    expired: int


def describe_group(admin: AdminClient, group: str, *, with_rights: bool = False) -> Any:
    """Return state and members of a group, with the operations that this client may do on it if they are wanted."""

    def describe() -> Any:
        answers = admin.describe_consumer_groups(
            [group], include_authorized_operations=with_rights, request_timeout=TIMEOUT_S
        )
        return answers[group].result()

    return retry_while_electing(describe)


def has_members(kafka: Mapping[str, str], group: str) -> bool | None:
    """Return whether a group has members now; None where Kafka does not tell."""
    try:
        return members(QuietAdmin(kafka), group) > 0
    except KafkaException:
        return None


def unassigned(description: Any, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the partitions of topics that no member of a described group has; `counts` are partitions by topic.

    The list is empty while the group distributes its partitions.
    """
    if description.state != ConsumerGroupState.STABLE:
        return []
    assigned = {(tp.topic, tp.partition) for member in description.members for tp in member.assignment.topic_partitions}
    wanted = ((topic, number) for topic, count in sorted(counts.items()) for number in range(count))
    return [partition for partition in wanted if partition not in assigned]


def committed_offsets(admin: AdminClient, description: Any) -> list[TopicPartition]:
    """Return the offsets that a described group has committed.

    To describe it finds its coordinator: Kafka's client would crash while the group has none yet.
    """
    group = description.group_id
    answers = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=TIMEOUT_S)
    return list(answers[group].result().topic_partitions or ())


def members(admin: AdminClient, group: str) -> int:
    """Return how many members a group has now; 0 for a group that Kafka does not know."""
    try:
        description = describe_group(admin, group)
    except KafkaException as error:
        if error.args[0].code() in _UNKNOWN_GROUP:
            return 0
        raise
    return len(description.members)


def has_progress(admin: AdminClient, group: str, topics: Collection[str]) -> bool:
    """Return whether a group has committed an offset behind the first record of one of the topics."""
    try:
        offsets = committed_offsets(admin, describe_group(admin, group))
    except KafkaException as error:
        if error.args[0].code() in _UNKNOWN_GROUP:
            return False
        raise
    committed = [entry for entry in offsets if entry.topic in topics and entry.offset > 0]
    first = first_offsets(admin, [(entry.topic, entry.partition) for entry in committed])
    return any(entry.offset > first[entry.topic, entry.partition] for entry in committed)


def ranges(admin: AdminClient, topics: Sequence[str]) -> list[TopicRange]:
    """Return how many records each of the topics holds; those that do not exist are left out."""
    cluster = admin.list_topics(timeout=TIMEOUT_S).topics
    partitions = [(topic, number) for topic in topics if topic in cluster for number in cluster[topic].partitions]
    first, end = first_offsets(admin, partitions), end_offsets(admin, partitions)
    return [
        TopicRange(
            topic=topic,
            records=sum(end[partition] - first[partition] for partition in partitions if partition[0] == topic),
            expired=sum(first[partition] for partition in partitions if partition[0] == topic),
        )
        for topic in topics
        if topic in cluster
    ]


def end_offsets(admin: AdminClient, partitions: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Return the offset behind the last record of each partition; raises KafkaException when brokers do not answer."""
    return _offsets(admin, partitions, OffsetSpec.latest())


def first_offsets(admin: AdminClient, partitions: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Return the offset of the first record of each partition; raises KafkaException when brokers do not answer."""
    return _offsets(admin, partitions, OffsetSpec.earliest())


def forget_offsets(admin: AdminClient, group: str) -> None:
    """Delete the offsets of a group without members: it reads its sources from their beginning then.

    Raises ConfigurationError when the group has members, or when this client may not do it.
    """
    try:
        admin.delete_consumer_groups([group], request_timeout=TIMEOUT_S)[group].result()
    except KafkaException as error:
        if error.args[0].code() not in _UNKNOWN_GROUP:
            raise ConfigurationError(
                f"the offsets of {group} cannot be reset: {error.args[0].str()}; somebody with the right Delete on "
                f"this group can do it with `tasker topics reset {group}`"
            ) from error


def delete_topic(admin: AdminClient, topic: str) -> None:
    """Delete a topic, and return when the brokers do not list it any more; a topic that is missing is no error.

    Raises ConfigurationError when the brokers refuse it, or go on to list it.
    """
    try:
        admin.delete_topics([topic], request_timeout=TIMEOUT_S)[topic].result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise ConfigurationError(f"topic {topic} cannot be deleted: {error.args[0].str()}") from error
    deadline = time.monotonic() + TIMEOUT_S
    while topic in admin.list_topics(timeout=TIMEOUT_S).topics:
        if time.monotonic() > deadline:
            raise ConfigurationError(f"topic {topic} is still there {TIMEOUT_S:.0f} s after it was deleted")
        time.sleep(_PAUSE_S)


def _offsets(admin: AdminClient, partitions: Collection[tuple[str, int]], spec: OffsetSpec) -> _Offsets:
    if not partitions:
        return {}
    request = {TopicPartition(topic, number): spec for topic, number in partitions}

    def request_offsets() -> _Offsets:
        answers = admin.list_offsets(request, request_timeout=TIMEOUT_S)
        return {(key.topic, key.partition): answer.result().offset for key, answer in answers.items()}

    return retry_while_electing(request_offsets)
