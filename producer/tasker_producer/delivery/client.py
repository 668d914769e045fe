"""librdkafka's producer: set up for events, and served without a surprise."""

import logging
import time
from collections.abc import Collection, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException

# Not `confluent_kafka.Producer`: OpenTelemetry's instrumentation replaces that name, and would trace our own events.
from confluent_kafka.cimpl import Producer

from tasker_producer.delivery.host import native, process
from tasker_producer.delivery.host.drops import DropLog, LibrdkafkaLog
from tasker_schemas.errors import ConfigurationError

#: Seconds for which a thread of ours waits in librdkafka, and the pause after an error; see `Client.flush`.
POLL_S = 0.1

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
# With a spool nothing expires: librdkafka would let newer events go before older ones. `take_back` brings all to disk.
WITH_SPOOL: Mapping[str, Any] = {"message.timeout.ms": "0", "topic.metadata.propagation.max.ms": "1000"}

#: Settings whose values tell nothing secret, and may stand in an error message.
_HARMLESS = frozenset(
    {"acks", "batch.size", "compression.type", "enable.idempotence", "linger.ms", "message.timeout.ms", "retries"}
    | {"partitioner", "queue.buffering.max.kbytes", "queue.buffering.max.messages", "security.protocol"}
)
#: Settings that a service's own client may have, and that an idempotent producer without transactions cannot.
_NEVER_OURS = frozenset({"transactional.id", "acks", "request.required.acks", "enable.idempotence"})
_NEVER_OURS_UNLESS = {"acks": "all", "request.required.acks": "all", "enable.idempotence": "true"}
_UNKNOWN = 'No such configuration property: "{}"'
_METADATA_S = 1.0
_IN_FLIGHT_S = 0.3
_BACK_S = 5.0


class Client:
    """A producer of librdkafka that raises nothing when it is served.

    A fatal error, such as a missing right to be idempotent, comes out of whichever call serves it, in any thread, and
    once. From then on the client takes no event, and gives back those that it holds.
    """

    def __init__(self, config: Mapping[str, Any], drop_log: DropLog) -> None:
        self._drop_log = drop_log
        self._fatal: str | None = None
        #: Whether a successor takes its place: an event that it took now would go with it.
        self.is_retired = False
        self._all_down_since: float | None = None
        self.failed_at = 0.0
        self._producer: Any = Producer({**config, "error_cb": self._hear}, logger=LibrdkafkaLog(drop_log))
        self.produce = self._producer.produce

    def free(self) -> None:
        """Free it in a thread of its own, after its last use: to wait for librdkafka's threads may take for ever.

        They stand still in a child that was forked while one of them looked up a name, for libc has a lock for that.
        """
        holders = [self._producer, self.__dict__.pop("produce")]
        self._producer = None
        try:
            native.start_thread(holders.clear)
        except RuntimeError:  # the process has no more threads to give, or ends
            process.never_free(holders[0])

    def queued(self) -> int:
        """Return how many events are not settled, and how many reports of librdkafka's own wait to be served."""
        producer = self._producer
        return 0 if producer is None else len(producer)

    def failed(self) -> bool:
        """Return whether the client takes no event any more."""
        return self._fatal is not None or self.is_retired

    def why(self) -> str:
        """Return why it takes no event; librdkafka's reason may become known only after its consequences."""
        return "Kafka's client has failed" + (f": {self._fatal}" if self._fatal is not None else "")

    def down_for(self) -> float:
        """Return for how many seconds no broker at all has been up; 0 if any is, or may be."""
        return 0.0 if self._all_down_since is None else time.monotonic() - self._all_down_since

    def note_up(self) -> None:
        """Note that a broker has taken an event."""
        self._all_down_since = None

    def serve(self, timeout: float) -> None:
        """Serve librdkafka's reports for at most `timeout` seconds."""
        try:
            self._producer.poll(timeout)
        except KafkaException as error:
            self._failed(error)

    def flush(self, timeout: float) -> int:
        """Wait at most `timeout` seconds for the queue to empty; return how many events are in it.

        It waits in pieces: within a call of 0.2 s or more, confluent-kafka goes on serving after a fatal error, whose
        exception is raised only at the end, and makes the next report fail: its event would be lost.
        """
        end = time.monotonic() + timeout
        while True:
            try:
                left = int(self._producer.flush(max(0.0, min(POLL_S, end - time.monotonic()))))
            except KafkaException as error:
                self._failed(error)
                continue
            if not left or time.monotonic() >= end:
                return left

    def purge(self) -> None:
        """Give up on all that is queued or on its way; the next `flush` gives it back."""
        self._producer.purge()

    def take_back(self) -> None:
        """Give back all that is queued, and retire: a successor takes its place at once."""
        self._producer.purge(in_queue=True, in_flight=False)
        self.flush(_IN_FLIGHT_S)  # events that a broker has already, or is taking, need not be sent twice
        self._producer.purge()
        end = time.monotonic() + _BACK_S
        while self.flush(_IN_FLIGHT_S) and time.monotonic() < end:
            pass
        self.is_retired = True
        self.failed_at = float("-inf")

    def has_leaders(self, topic: str) -> bool | None:
        """Return whether a topic exists and all its partitions have a leader; None when no broker answers."""
        try:
            metadata = self._producer.list_topics(topic, timeout=_METADATA_S).topics[topic]
        except (KafkaException, KeyError):
            return None
        return metadata.error is None and all(partition.leader >= 0 for partition in metadata.partitions.values())

    def _hear(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN and self._all_down_since is None:  # noqa: SLF001
            self._all_down_since = time.monotonic()

    def _failed(self, error: KafkaException) -> None:
        self.failed_at = time.monotonic()
        self._fatal = error.args[0].str()
        self._drop_log.log("fatal", f"{self.why()}. A new one will try again.")


def is_fatal(error: KafkaException) -> bool:
    """Return whether an event was refused because its client has failed."""
    return bool(error.args[0].code() == KafkaError._FATAL)  # noqa: SLF001


def make_client(
    kafka: Mapping[str, str], drop_log: DropLog, *, keep: bool, foreign: Collection[str] = frozenset()
) -> Client:
    """Return a producer for these settings; with `keep` events that do not leave come back within seconds.

    `foreign` names settings that the service may have meant for a client of its own: those that librdkafka does not
    know, or that cannot be ours, are left out with a warning. Raises ConfigurationError naming any other setting that
    librdkafka refuses, and no value that may be a secret.
    """
    left_out = {
        name for name in _NEVER_OURS.intersection(foreign, kafka) if kafka[name] != _NEVER_OURS_UNLESS.get(name)
    }
    while True:
        settings = {name: value for name, value in kafka.items() if name not in left_out}
        config = {**DEFAULTS, **(WITH_SPOOL if keep else {}), **settings, **FIXED}
        try:
            client = Client(config, drop_log)
        except (KafkaException, TypeError, ValueError) as error:
            reason = error.args[0].str() if isinstance(error, KafkaException) else str(error)
            unknown = {name for name in set(foreign).intersection(settings) if _is_unknown(name, reason)}
            if not unknown:
                raise _refusal(config, settings, reason) from None
            left_out |= unknown
            continue
        if left_out:
            names = ", ".join(sorted(map(_variable, left_out)))
            drop_log.log("foreign", f"{names}: no setting of this producer, left out", logging.WARNING)
        return client


def _is_unknown(name: str, reason: str) -> bool:
    return any(_UNKNOWN.format(form) in reason for form in (name, name.removeprefix("topic.")))


def _refusal(config: Mapping[str, Any], settings: Mapping[str, str], reason: str) -> ConfigurationError:
    names = [name for name in config if name in reason] or sorted(settings)
    for name in set(settings) - _HARMLESS:  # librdkafka repeats the value that it refuses
        reason = reason.replace(settings[name], "***") if settings[name] else reason
    variables = ", ".join(f"{_variable(name)}{_value(name, config)}" for name in names)
    return ConfigurationError(f"{variables}: Kafka's client refuses it: {reason}")


def _variable(name: str) -> str:
    return f"KAFKA_{name.upper().replace('.', '_')}"


def _value(name: str, config: Mapping[str, Any]) -> str:
    return f"={config[name]}" if name in _HARMLESS else ""
