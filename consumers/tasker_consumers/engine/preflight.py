"""What must be true of the cluster before a worker starts; found out here, not by a worker that hangs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.engine.flow.writer import DeadLetterTopic
from tasker_consumers.engine.processor import Processor
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.kafka.access import QuietAdmin
from tasker_schemas.errors import BackendUnavailable, ConfigurationError

CONNECT_SECONDS = 6.0
#: A changelog is never deleted, only compacted, in small segments: the active one is read in full at a recovery. Its
#: records are whole states, so it takes larger ones than other topics do.
CHANGELOG_CONFIG = {
    "cleanup.policy": "compact",
    "segment.bytes": str(64 << 20),
    "min.cleanable.dirty.ratio": "0.2",
    "max.message.bytes": str(16 << 20),
}
#: A dead letter is a record of a source, and some headers more.
DEAD_LETTER_CONFIG = {
    "cleanup.policy": "delete",
    "retention.ms": str(30 * 24 * 3600 * 1000),
    "max.message.bytes": str(2 << 20),
}


@dataclass(frozen=True, slots=True)
class Topology:
    """The partitions of the topics a worker deals with."""

    partitions: int
    dead_letters: DeadLetterTopic


def changelog_topic(group: str) -> str:
    """Return the topic that holds the states of a group.

    >>> changelog_topic("tasker-stats")
    'tasker-stats-states-changelog'
    """
    return f"{group}-states-changelog"


def prepare_topics(processor: Processor[Any, Any], settings: EngineSettings) -> Topology:
    """Check the application's topics, and create those that are the engine's own: changelog and dead letters.

    Raises `BackendUnavailable` when no broker answers, and `ConfigurationError`, which says what to do, when brokers
    turn us away, and when a topic is missing or partitioned differently.
    """
    admin, existing = _connect(settings)
    partitions = _common_partitions(processor, existing)
    changelog = changelog_topic(processor.group)
    wanted = {changelog: CHANGELOG_CONFIG, processor.dead_letters: DEAD_LETTER_CONFIG}
    missing = {name: config for name, config in wanted.items() if name not in existing}
    _create(admin, missing, partitions, settings.replication_factor)
    if existing.get(changelog, partitions) != partitions:
        raise ConfigurationError(
            f"{changelog} has {existing[changelog]} partitions, its sources have {partitions}: "
            "states cannot be moved, so delete the changelog and let the group read its sources again."
        )
    letters = DeadLetterTopic(
        name=processor.dead_letters,
        partitions=existing.get(processor.dead_letters, partitions),
        max_bytes=int(DEAD_LETTER_CONFIG["max.message.bytes"]),
    )
    return Topology(partitions, letters)


def _connect(settings: EngineSettings) -> tuple[AdminClient, dict[str, int]]:
    try:
        admin = QuietAdmin(settings.kafka)
    except KafkaException as error:
        raise ConfigurationError(f"Kafka's client refuses a setting: {error.args[0].str()}.") from error
    try:
        topics = admin.list_topics(timeout=CONNECT_SECONDS).topics
    except KafkaException as error:
        raise admin.refusal() or BackendUnavailable(
            f"No Kafka broker answers at {settings.kafka['bootstrap.servers']} ({error.args[0].str()}): "
            "start it, or set KAFKA_BOOTSTRAP_SERVERS to one that runs."
        ) from error
    return admin, {name: len(topic.partitions) for name, topic in topics.items()}


def _common_partitions(processor: Processor[Any, Any], existing: Mapping[str, int]) -> int:
    involved = [*processor.sources, *processor.outputs]
    missing = [name for name in involved if name not in existing]
    if missing:
        raise ConfigurationError(
            f"Kafka has no topic {_enumerate(missing)}: create what is missing, all with the same number of partitions."
        )
    counts = {name: existing[name] for name in involved}
    if len(set(counts.values())) > 1:
        listed = _enumerate(f"{name} ({count})" for name, count in counts.items())
        raise ConfigurationError(
            f"These topics must have the same number of partitions: {listed}. Raise the smaller, or use another prefix."
        )
    return counts[involved[0]]


def _create(admin: AdminClient, topics: Mapping[str, dict[str, str]], partitions: int, replication: int) -> None:
    if not topics:
        return
    new = [NewTopic(name, partitions, replication, config=config) for name, config in topics.items()]
    for name, created in admin.create_topics(new).items():
        try:
            created.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another worker was faster
                raise ConfigurationError(f"Topic {name} cannot be created: {error.args[0].str()}.") from error


def _enumerate(names: Iterable[str]) -> str:
    return ", ".join(names)
