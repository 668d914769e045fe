"""librdkafka's producer, set up for events."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaException

# Not `confluent_kafka.Producer`: OpenTelemetry's instrumentation replaces that name, and would trace our own events.
from confluent_kafka.cimpl import Producer

from tasker_producer.trouble import LibrdkafkaLog, Trouble
from tasker_schemas.errors import ConfigurationError

DEFAULTS: Mapping[str, Any] = {
    "acks": "all",
    "enable.idempotence": "true",
    "compression.type": "lz4",
    "linger.ms": "20",
    "queue.buffering.max.messages": "100000",
    "queue.buffering.max.kbytes": "65536",
}
# Not the user's to change: Faust and JVM clients look for a key in the partition where murmur2 puts it.
FIXED: Mapping[str, Any] = {"partitioner": "murmur2_random", "delivery.report.only.error": True}
# With a spool nothing expires: what is queued first also goes first, however long the broker is away.
PATIENT: Mapping[str, Any] = {"message.timeout.ms": "0"}

_SECRET = ("password", "secret", "key", "token")


def make_client(kafka: Mapping[str, str], trouble: Trouble, *, keep: bool) -> Producer:
    """Return a producer for these settings; with `keep` it never gives up for lack of time.

    Raises ConfigurationError naming the setting that librdkafka refuses.
    """
    if not kafka.get("bootstrap.servers"):
        raise ConfigurationError("KAFKA_BOOTSTRAP_SERVERS is not set: give the brokers as host:port,host:port")
    config = {**DEFAULTS, **(PATIENT if keep else {}), **kafka, **FIXED}
    try:
        return Producer(config, logger=LibrdkafkaLog(trouble))
    except (KafkaException, TypeError, ValueError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else str(error)
        names = [name for name in config if name in reason] or sorted(kafka)
        variables = ", ".join(f"KAFKA_{name.upper().replace('.', '_')}={_shown(name, config)}" for name in names)
        raise ConfigurationError(f"{variables}: Kafka's client refuses it: {reason}") from error


def _shown(name: str, config: Mapping[str, Any]) -> str:
    return "***" if any(word in name for word in _SECRET) else str(config[name])
