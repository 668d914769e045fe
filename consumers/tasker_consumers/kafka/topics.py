"""Create the topics of the system, and list them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.kafka.access import QuietAdmin
from tasker_schemas.errors import BackendUnavailable, ConfigurationError
from tasker_schemas.topics import DEFAULT_PARTITIONS, Topic, all_topics

TIMEOUT_S = 5.0
#: A busy cluster takes its time to make topics; that it answers at all is known by then.
_CREATE_S = 60.0
_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """A topic of ours as the broker has it; `partitions` is None where it does not exist."""

    name: str
    description: str
    partitions: int | None
    created: bool = False


def list_topics(kafka: Mapping[str, str], prefix: str) -> list[TopicState]:
    """Return every topic of the system, there or not.

    Raises BackendUnavailable when no broker answers.
    """
    existing = partitions_by_topic(connect(kafka))
    return [_state(topic, existing.get(topic.name)) for topic in all_topics(prefix)]


def create_topics(
    kafka: Mapping[str, str],
    prefix: str,
    *,
    partitions: int | None = None,
    default_partitions: int = DEFAULT_PARTITIONS,
    replication_factor: int = -1,
) -> list[TopicState]:
    """Create the topics that are missing, and return all of them; topics that exist stay as they are.

    Without `partitions` the new topics get as many as the existing ones have, else `default_partitions`. Raises
    BackendUnavailable when no broker answers, and ConfigurationError when the numbers of partitions would differ (then
    nothing was created), or when the cluster refuses a topic.
    """
    admin = connect(kafka)
    existing = partitions_by_topic(admin)
    missing = [topic for topic in all_topics(prefix) if topic.name not in existing]
    if missing:
        counts = {topic.name: existing[topic.name] for topic in all_topics(prefix) if topic.name in existing}
        partitions = _common_partitions(counts, partitions) or default_partitions
        created = _create(admin, missing, partitions, replication_factor)
    else:
        created = set()
    existing = _when_known(admin, {topic.name for topic in missing})
    return [_state(topic, existing.get(topic.name), created=topic.name in created) for topic in all_topics(prefix)]


def _common_partitions(counts: Mapping[str, int], requested: int | None) -> int | None:
    """Return the number of partitions for new topics; None when neither existing topics nor the caller name it."""
    numbers = set(counts.values()) | ({requested} if requested else set())
    if len(numbers) > 1:
        listed = ", ".join(f"{name} ({count})" for name, count in counts.items())
        raise ConfigurationError(
            f"nothing was created: the topics that exist do not have {requested or 'the same number of'} partitions: "
            f"{listed}. `tasker topics grow {max(numbers)}` makes them alike, or use another TASKER_TOPIC_PREFIX"
        )
    return next(iter(numbers), None)


def require_topics(kafka: Mapping[str, str], prefix: str) -> None:
    """Raise ConfigurationError, which says what to do, unless every topic is there."""
    missing = [state.name for state in list_topics(kafka, prefix) if state.partitions is None]
    if missing:
        raise ConfigurationError(f"Kafka has no topic {', '.join(missing)}: `tasker topics create` makes them.")


def differing(states: Sequence[TopicState]) -> list[TopicState]:
    """Return the topics whose number of partitions is not that of most: task and step streams cannot be joined then."""
    counts = [state.partitions for state in states if state.partitions is not None]
    usual = max(set(counts), key=counts.count, default=None)
    return [state for state in states if state.partitions not in (None, usual)]


def connect(kafka: Mapping[str, str]) -> QuietAdmin:
    """Return a quiet admin client: what goes wrong is told by the error that is raised."""
    return QuietAdmin(kafka)


def cluster_id(kafka: Mapping[str, str]) -> str:
    """Return the id of a cluster.

    Raises BackendUnavailable when no broker answers, ConfigurationError when brokers turn us away.
    """
    admin = connect(kafka)
    try:
        return str(admin.list_topics(timeout=TIMEOUT_S).cluster_id)
    except KafkaException as error:
        raise admin.failure(error) from error


def partitions_by_topic(admin: QuietAdmin) -> dict[str, int]:
    """Return the number of partitions of every topic on the broker.

    Raises BackendUnavailable when no broker answers, ConfigurationError when brokers turn us away.
    """
    try:
        topics = admin.list_topics(timeout=TIMEOUT_S).topics
    except KafkaException as error:
        raise admin.failure(error) from error
    return {name: len(topic.partitions) for name, topic in topics.items()}


def _state(topic: Topic, partitions: int | None, *, created: bool = False) -> TopicState:
    return TopicState(name=topic.name, description=topic.description, partitions=partitions, created=created)


def _when_known(admin: QuietAdmin, names: set[str]) -> dict[str, int]:
    """Return the partitions of all topics once the brokers know these, which is a moment after they were made."""
    deadline = time.monotonic() + _CREATE_S
    while missing := names - (existing := partitions_by_topic(admin)).keys():
        if time.monotonic() > deadline:
            raise BackendUnavailable(f"Kafka made {', '.join(sorted(missing))}, but its brokers do not know of it yet")
        time.sleep(_PAUSE_S)
    return existing


def _create(admin: AdminClient, topics: Sequence[Topic], partitions: int, replication_factor: int) -> set[str]:
    """Make the topics; return the names of those that nobody else made meanwhile."""
    if not topics:
        return set()
    created = set()
    new_topics = [NewTopic(topic.name, partitions, replication_factor, config=topic.config) for topic in topics]
    for name, done in admin.create_topics(new_topics, request_timeout=_CREATE_S).items():
        try:
            done.result()
            created.add(name)
        except KafkaException as error:
            # Another process may have been quicker: what was new_topics is there.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise ConfigurationError(f"Kafka did not create {name}: {error.args[0].str()}") from error
    return created
