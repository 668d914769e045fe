"""Consumers that join no group: no offset is stored, and nobody is disturbed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, KafkaException

from tasker_consumers.kafka.access import AccessErrors
from tasker_schemas.errors import BackendUnavailable

_BATCH = 2000


def standalone_settings(kafka: Mapping[str, str], name: str) -> dict[str, Any]:
    """Return the settings of such a consumer, which reads from the beginning unless told otherwise."""
    return {
        "log_level": 0,
        **kafka,
        "group.id": name,  # librdkafka asks for one; it is never joined
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
    }


@contextmanager
def open_standalone(kafka: Mapping[str, str], name: str, *, tell_ends: bool = False) -> Iterator[Any]:
    """Yield a consumer, closed at the end; `tell_ends` has it send KafkaError._PARTITION_EOF at a partition's end.

    Raises BackendUnavailable when Kafka does not answer within the block, and ConfigurationError when it turns the
    consumer away.
    """
    admission = AccessErrors(kafka)
    settings = {**standalone_settings(kafka, name), "error_cb": admission.hear, "enable.partition.eof": tell_ends}
    consumer: Any = Consumer(settings)
    try:
        yield consumer
    except KafkaException as error:
        raise admission.refusal(consumer) or BackendUnavailable(
            f"Kafka at {kafka.get('bootstrap.servers')} does not answer ({error.args[0].str()})"
        ) from error
    finally:
        consumer.close()


def poll_batch(consumer: Any, wait_s: float, most: int = _BATCH) -> list[Any]:
    """Return what is there, waiting so long for the first message.

    The client itself waits until a batch is full; so wait for one, and take what else is there.
    """
    return [*consumer.consume(1, timeout=wait_s), *consumer.consume(most, timeout=0)]
