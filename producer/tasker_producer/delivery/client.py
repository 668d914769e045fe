"""librdkafka's producer: set up for events, and served without a surprise."""

import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException

# Not `confluent_kafka.Producer`: OpenTelemetry's instrumentation replaces that name, and would trace our own events.
from confluent_kafka.cimpl import Producer

from tasker_producer.delivery.drops import DropLog, LibrdkafkaLog
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

# Not delivered, and nothing is wrong with the event: it waited too long, its client is no more, or the client and the
# broker disagree about what was sent before it.
KEPT = frozenset(
    {
        KafkaError._MSG_TIMED_OUT,  # noqa: SLF001
        KafkaError._PURGE_QUEUE,  # noqa: SLF001
        KafkaError._PURGE_INFLIGHT,  # noqa: SLF001
        KafkaError._FATAL,  # noqa: SLF001
        KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER,
        KafkaError.UNKNOWN_PRODUCER_ID,
    }
)

_SECRET = ("password", "secret", "key", "token")


class Client:
    """A producer of librdkafka that raises nothing when it is served.

    A fatal error, such as a missing right to be idempotent, comes out of whichever call serves it, in any thread, and
    once. From then on the client takes no event, and gives back those that it holds.
    """

    def __init__(self, producer: Producer, drop_log: DropLog) -> None:
        self._producer = producer
        self._drop_log = drop_log
        self.produce = producer.produce
        self._fatal: str | None = None
        self.failed_at = 0.0

    def queued(self) -> int:
        """Return how many events are not settled, and how many reports of librdkafka's own wait to be served."""
        return len(self._producer)

    def failed(self) -> bool:
        """Whether it takes no event any more."""
        return self._fatal is not None

    def why(self) -> str:
        """Return why it takes no event; librdkafka's reason may become known only after its consequences."""
        return "Kafka's client has failed" + (f": {self._fatal}" if self._fatal is not None else "")

    def serve(self, timeout: float) -> None:
        """Hear for at most `timeout` seconds what librdkafka has to report."""
        try:
            self._producer.poll(timeout)
        except KafkaException as error:
            self._failed(error)

    def flush(self, timeout: float) -> int:
        """Wait at most `timeout` seconds for the queue to empty; return how many events are in it."""
        end = time.monotonic() + timeout
        while True:
            try:
                return int(self._producer.flush(max(0.0, end - time.monotonic())))
            except KafkaException as error:
                self._failed(error)

    def purge(self) -> None:
        """Give up on what is in the queue and on its way; the next `flush` gives it back."""
        self._producer.purge()

    def _failed(self, error: KafkaException) -> None:
        self.failed_at = time.monotonic()
        self._fatal = error.args[0].str()
        self._drop_log.log("fatal", f"{self.why()}. A new one will try again.")


def is_fatal(error: KafkaException) -> bool:
    """Whether an event was refused because its client has failed."""
    return bool(error.args[0].code() == KafkaError._FATAL)  # noqa: SLF001


def make_client(kafka: Mapping[str, str], drop_log: DropLog, *, keep: bool) -> Client:
    """Return a producer for these settings; with `keep` it never gives up for lack of time.

    Raises ConfigurationError naming the setting that librdkafka refuses.
    """
    if not kafka.get("bootstrap.servers"):
        raise ConfigurationError("KAFKA_BOOTSTRAP_SERVERS is not set: give the brokers as host:port,host:port")
    config = {**DEFAULTS, **(PATIENT if keep else {}), **kafka, **FIXED}
    try:
        return Client(Producer(config, logger=LibrdkafkaLog(drop_log)), drop_log)
    except (KafkaException, TypeError, ValueError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else str(error)
        names = [name for name in config if name in reason] or sorted(kafka)
        variables = ", ".join(f"KAFKA_{name.upper().replace('.', '_')}={_shown(name, config)}" for name in names)
        raise ConfigurationError(f"{variables}: Kafka's client refuses it: {reason}") from error


def _shown(name: str, config: Mapping[str, Any]) -> str:
    return "***" if any(word in name for word in _SECRET) else str(config[name])
