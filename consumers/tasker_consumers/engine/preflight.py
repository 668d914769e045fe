"""The demands on the cluster before a worker starts; found out here, not by a worker that hangs."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.engine.flow.writer import DeadLetterTopic
from tasker_consumers.engine.processor import Processor
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.kafka.access import QuietAdmin, is_unanswered, until_answered
from tasker_consumers.kafka.checked_settings import checked_settings
from tasker_consumers.kafka.groups import forget_offsets, has_progress, members, ranges
from tasker_consumers.kafka.topic_identity import topic_identity, topic_ids
from tasker_consumers.kafka.topic_rules import TopicRole
from tasker_schemas.errors import ConfigurationError

CONNECT_SECONDS = 6.0
#: Where a key's records are after partitions were added, and the ways on.
PARTITIONS_ADVICE = (
    "Keys have moved to other partitions, so tasks that were under way are in two of them: go on under another "
    "TASKER_TOPIC_PREFIX, or make all topics alike with `tasker topics grow`, which rebuilds the states "
    "(docs/operations.md#partitions)"
)
#: A changelog is never deleted, only compacted, in small segments: the last is read in full at a recovery. Its
#: records are whole states, so it takes larger ones than other topics do.
CHANGELOG_CONFIG = {
    "cleanup.policy": "compact",
    "segment.bytes": str(64 << 20),
    "min.cleanable.dirty.ratio": "0.2",
    "max.message.bytes": str(16 << 20),
    # A store that was away for longer would not hear of deletions, and is restored (`STORE_MAX_AGE_S`).
    "delete.retention.ms": str(7 * 24 * 3600 * 1000),
}
#: How old a store may be: a day less than tombstones are kept, for clocks that differ.
STORE_MAX_AGE_S = 6 * 24 * 3600.0
#: A dead letter is a record of a source, and some headers more.
DEAD_LETTER_CONFIG = {
    "cleanup.policy": "delete",
    "retention.ms": str(30 * 24 * 3600 * 1000),
    "max.message.bytes": str(2 << 20),
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Topology:
    """The partitions of the topics a worker deals with."""

    partitions: int
    dead_letters: DeadLetterTopic
    #: Partitions by topic, of those whose number must not change under a worker.
    counts: Mapping[str, int] = field(default_factory=dict)
    #: Names the changelog among all that ever had its name, on any cluster.
    changelog_id: str = ""
    #: The ids of these topics, as far as known: a topic that is made again has another.
    ids: Mapping[str, str] = field(default_factory=dict)


def changelog_topic(group: str) -> str:
    """Return the topic that holds the states of a group.

    >>> changelog_topic("tasker-stats")
    'tasker-stats-states-changelog'
    """
    return f"{group}-states-changelog"


def prepare_topics(processor: Processor[Any, Any], settings: EngineSettings) -> Topology:
    """Check the application's topics, and create those that are the engine's own: changelog and dead letters.

    Raises `BackendUnavailable` when no broker answers, of silent brokers after `broker_timeout`, and
    `ConfigurationError`, which names the remedy, when brokers turn us away, and when a topic is missing or partitioned
    differently.
    """
    return until_answered(lambda: _prepare(processor, settings), settings.broker_timeout)


def _prepare(processor: Processor[Any, Any], settings: EngineSettings) -> Topology:
    admin, existing = _connect(settings)
    partitions = _common_partitions(processor, existing)
    changelog = changelog_topic(processor.group)
    configs = {changelog: CHANGELOG_CONFIG, processor.dead_letters: DEAD_LETTER_CONFIG}
    missing = {name: config for name, config in configs.items() if name not in existing}
    _rewind_without_states(admin, processor, changelog)
    _create(admin, missing, partitions, settings.replication_factor)
    if existing.get(changelog, partitions) != partitions:
        raise ConfigurationError(
            f"{changelog} has {existing[changelog]} partitions, its sources have {partitions}. {PARTITIONS_ADVICE}"
        )
    topics = _check_settings(admin, processor)
    letters = DeadLetterTopic(
        name=processor.dead_letters,
        partitions=existing.get(processor.dead_letters, partitions),
        max_bytes=int(topics.get(processor.dead_letters, DEAD_LETTER_CONFIG)["max.message.bytes"]),
    )
    counts = dict.fromkeys([*processor.sources, *processor.outputs, changelog], partitions)
    changelog_id = topic_identity(admin, changelog)  # waits until the brokers know a topic that was just made
    return Topology(partitions, letters, counts, changelog_id, topic_ids(admin, counts))


def _rewind_without_states(admin: QuietAdmin, processor: Processor[Any, Any], changelog: str) -> None:
    """Have a group whose changelog is missing or empty read its sources from their beginning: its states are gone."""
    try:
        if any(topic.records or topic.expired for topic in ranges(admin, [changelog])):
            return
        if members(admin, processor.group) or not has_progress(admin, processor.group, processor.sources):
            return
    except KafkaException as error:
        if is_unanswered(error):
            raise admin.failure(error) from error
        logger.warning("The offsets of %s are not checked: %s", processor.group, error.args[0].str())
        return
    logger.warning("%s holds no states beside the offsets of its group: reading all events again", changelog)
    forget_offsets(admin, processor.group)


def _check_settings(admin: AdminClient, processor: Processor[Any, Any]) -> Mapping[str, Mapping[str, str]]:
    """Refuse topics whose settings lose data, warn of others, and return the settings by topic as far as known."""
    roles = {
        **dict.fromkeys(processor.sources, TopicRole.SOURCE),
        **dict.fromkeys(processor.outputs, TopicRole.OUTPUT),
        changelog_topic(processor.group): TopicRole.CHANGELOG,
        processor.dead_letters: TopicRole.DEAD_LETTERS,
    }
    return checked_settings(admin, roles, logger)


def _connect(settings: EngineSettings) -> tuple[QuietAdmin, dict[str, int]]:
    try:
        admin = QuietAdmin(settings.kafka)
    except KafkaException as error:
        raise ConfigurationError(f"Kafka's client refuses a setting: {error.args[0].str()}.") from error
    try:
        topics = admin.list_topics(timeout=CONNECT_SECONDS).topics
    except KafkaException as error:
        raise admin.failure(error) from error
    return admin, {name: len(topic.partitions) for name, topic in topics.items()}


def _common_partitions(processor: Processor[Any, Any], existing: Mapping[str, int]) -> int:
    involved = [*processor.sources, *processor.outputs]
    missing = [name for name in involved if name not in existing]
    if missing:
        raise ConfigurationError(
            f"Kafka has no topic {_enumerate(missing)}: `tasker topics create` makes the topics that are missing."
        )
    counts = {name: existing[name] for name in involved}
    if len(set(counts.values())) > 1:
        listed = _enumerate(f"{name} ({count})" for name, count in counts.items())
        raise ConfigurationError(
            f"These topics must have the same number of partitions: {listed}. Raise the smaller, or use another prefix."
        )
    return counts[involved[0]]


def _create(admin: QuietAdmin, topics: Mapping[str, dict[str, str]], partitions: int, replication: int) -> None:
    if not topics:
        return
    new = [NewTopic(name, partitions, replication, config=config) for name, config in topics.items()]
    for name, created in admin.create_topics(new).items():
        try:
            created.result()
        except KafkaException as error:
            if is_unanswered(error):
                raise admin.failure(error) from error
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another worker was faster
                raise ConfigurationError(f"Topic {name} cannot be created: {error.args[0].str()}.") from error


def _enumerate(names: Iterable[str]) -> str:
    return ", ".join(names)
