"""Consumers that join no group: no offset is stored, and nobody is disturbed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, KafkaException

from tasker_consumers.kafka.access import AccessErrors

_BATCH = 2000


def standalone_settings(kafka: Mapping[str, str], name: str) -> dict[str, Any]:
    """Return the settings of a consumer without a group; it reads from the beginning unless an offset is assigned."""
    return {
        "log_level": 0,
        **kafka,
        "group.id": name,  # librdkafka asks for one; it is never joined
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
    }


@contextmanager
def open_standalone(kafka: Mapping[str, str], name: str, *, report_ends: bool = False) -> Iterator[Any]:
    """Yield a consumer, closed at the end; `report_ends` has it send KafkaError._PARTITION_EOF at a partition's end.

    Raises BackendUnavailable when Kafka does not answer within the block, and ConfigurationError when it turns the
    consumer away.
    """
    access_errors = AccessErrors(kafka)
    settings = {**standalone_settings(kafka, name), "error_cb": access_errors.hear, "enable.partition.eof": report_ends}
    consumer: Any = Consumer(settings)
    try:
        yield consumer
    except KafkaException as error:
        raise access_errors.failure(consumer, error) from error
    finally:
        consumer.close()


def poll_batch(consumer: Any, wait_s: float, limit: int = _BATCH) -> list[Any]:
    """Poll once: wait up to `wait_s` for a first message, then add all that are already fetched, up to `limit`.

    The client's own `consume` would wait until a batch is full.
    """
    return [*consumer.consume(1, timeout=wait_s), *consumer.consume(limit, timeout=0)]
