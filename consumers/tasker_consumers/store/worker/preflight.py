"""The demands on cluster and database before a worker starts."""

import logging

from tasker_consumers.kafka.access import QuietAdmin, until_answered
from tasker_consumers.kafka.checked_settings import checked_settings
from tasker_consumers.kafka.topic_rules import TopicRole
from tasker_consumers.kafka.topics import connect, create_topics, partitions_by_topic
from tasker_consumers.store.core.records import FAMILIES, GROUP, source_topics
from tasker_consumers.store.settings import StoreSettings
from tasker_consumers.store.worker.burial import DeadLetterProducer
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.topics import dead_letter_topic, event_topic

#: Bytes of a dead letter where the topic does not tell its limit.
_LETTER_BYTES = 1 << 20

logger = logging.getLogger(__name__)


def prepare_topics(settings: StoreSettings) -> QuietAdmin:
    """Check the topics, create those of this system that are missing beside the events, and return an admin client.

    Raises BackendUnavailable when no broker answers, of silent brokers after `broker_timeout`, and ConfigurationError,
    which names the remedy, for missing events or a setting of a topic that loses data.
    """
    return until_answered(lambda: _prepare(settings), settings.broker_timeout)


def _prepare(settings: StoreSettings) -> QuietAdmin:
    admin = connect(settings.kafka)
    existing = partitions_by_topic(admin)
    events = [event_topic(family, settings.prefix) for family in FAMILIES]
    if missing := [name for name in events if name not in existing]:
        raise ConfigurationError(
            f"Kafka has no topic {', '.join(missing)}: `tasker topics create` makes the topics that are missing."
        )
    if any(name not in existing for name in source_topics(settings.prefix)):
        create_topics(
            settings.kafka,
            settings.prefix,
            default_partitions=existing[events[0]],
            replication_factor=settings.replication_factor,
        )
    return admin


def open_letters(admin: QuietAdmin, settings: StoreSettings) -> DeadLetterProducer:
    """Check the settings of the topics, and return the producer of dead letters."""
    letters = dead_letter_topic(GROUP, settings.prefix)
    roles = {event_topic(family, settings.prefix): TopicRole.SOURCE for family in FAMILIES}
    found = checked_settings(admin, {**roles, letters: TopicRole.DEAD_LETTERS}, logger)
    max_bytes = int(found.get(letters, {}).get("max.message.bytes", _LETTER_BYTES))
    return DeadLetterProducer(settings.kafka, letters, max_bytes)
