"""Which topic a name stands for: one that was deleted and made again is another, and so is one of another cluster."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from confluent_kafka import KafkaException, TopicCollection

from tasker_consumers.kafka.offsets import TIMEOUT_S, retry_while_electing
from tasker_schemas.errors import BackendUnavailable


def topic_identity(admin: Any, topic: str) -> str:
    """Return the ids of the cluster and of the topic (KIP-516); only that of the cluster before Kafka 2.8.

    Raises BackendUnavailable when no broker answers.
    """

    def describe() -> Any:
        return admin.describe_topics(TopicCollection([topic]), request_timeout=TIMEOUT_S)[topic].result()

    try:
        cluster = admin.list_topics(topic, timeout=TIMEOUT_S).cluster_id
        description = retry_while_electing(describe)
    except KafkaException as error:
        raise BackendUnavailable(f"Kafka does not say which topic {topic} is: {error.args[0].str()}") from error
    return f"{cluster}/{description.topic_id}"


def topic_ids(admin: Any, topics: Iterable[str]) -> dict[str, str]:
    """Return the ids of topics by name, without those that the broker does not describe to us.

    Brokers before Kafka 2.8 give all topics the same id.
    """
    answers = admin.describe_topics(TopicCollection(list(topics)), request_timeout=TIMEOUT_S)
    ids = dict[str, str]()
    for name, answer in answers.items():
        with suppress(KafkaException):
            ids[name] = str(answer.result().topic_id)
    return ids
