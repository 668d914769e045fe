"""The way to Kafka: one idempotent librdkafka producer per process, a bounded queue, and counts of what became of it.

`send` never blocks, does no I/O and never raises for trouble: what cannot be kept is counted and logged.
"""

import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message

# Not `confluent_kafka.Producer`: OpenTelemetry's instrumentation replaces that name, and would trace our own events.
from confluent_kafka.cimpl import Producer

from tasker_producer import process
from tasker_producer.trouble import Drop, LibrdkafkaLog, Trouble
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.headers import CE_TYPE, Header

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

_POLL_S = 0.1
_EXPIRED = {KafkaError._MSG_TIMED_OUT}  # noqa: SLF001  confluent-kafka names librdkafka's local errors so
_PURGED = {KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT}  # noqa: SLF001


class KafkaDelivery:
    """Takes encoded records and brings them to Kafka in the background."""

    def __init__(self, kafka: Mapping[str, str]) -> None:
        if not kafka.get("bootstrap.servers"):
            raise ConfigurationError("KAFKA_BOOTSTRAP_SERVERS is not set: give the brokers as host:port,host:port")
        self._config = {**DEFAULTS, **kafka, **FIXED}
        self._trouble = Trouble()
        self._client: Producer | None = None
        self._poller: threading.Thread | None = None
        self._closed = False
        self._begin_anew()
        self._open()

    def send(self, topic: str, key: bytes, value: bytes, headers: list[Header]) -> None:
        """Queue a record; its key decides its partition."""
        client = self._client or self._open()
        if client is None:
            self._trouble.drop(_event_name(headers), Drop.CLOSED, "the publisher is closed")
            return
        try:
            client.produce(topic, value, key, on_delivery=partial(self._settle, headers), headers=headers)
        except BufferError:
            self._trouble.drop(_event_name(headers), Drop.QUEUE_FULL, "the broker is slow or away")
        except KafkaException as error:
            self._trouble.drop(_event_name(headers), Drop.REFUSED, str(error.args[0]))
        else:
            with self._lock:
                self._accepted += 1

    def flush(self, timeout: float) -> int:
        """Wait at most `timeout` seconds for the queue to empty; return how many records are left."""
        return int(self._client.flush(timeout)) if self._client is not None else 0

    def close(self, timeout: float) -> int:
        """Flush, then stop; return how many records were left, which are given up and counted."""
        with self._lock:
            self._closed = True
            client, self._client = self._client, None
        if client is None:
            return 0
        left = int(client.flush(timeout))
        if left:
            client.purge()
            client.poll(0)
        self._stop.set()
        if self._poller is not None:
            self._poller.join()
        return left

    def stats(self) -> dict[str, int]:
        """Return counts since this process began to publish; `dropped_<reason>` for each reason."""
        with self._lock:
            accepted, failed = self._accepted, self._failed
        queued = len(self._client) if self._client is not None else 0
        dropped = self._trouble.dropped()
        return {
            "published": accepted,
            "delivered": max(0, accepted - failed - queued),
            "queued": queued,
            "dropped": sum(dropped.values()),
            **{f"dropped_{reason}": count for reason, count in dropped.items()},
        }

    def after_fork(self) -> None:
        """Forget the parent's client: in this process it delivers nothing."""
        if self._client is not None:
            process.never_free(self._client)
        self._trouble.reset_after_fork()
        self._begin_anew()

    def _begin_anew(self) -> None:
        # Reentrant: a signal handler may publish while its own thread holds the lock.
        self._lock = threading.RLock()
        self._client = None
        self._poller = None
        self._stop = threading.Event()
        self._accepted = 0
        self._failed = 0

    def _open(self) -> Producer | None:
        """Return this process's client, made on first use; None after close()."""
        with self._lock:
            if self._client is None and not self._closed:
                self._client = _make_client(self._config, LibrdkafkaLog(self._trouble))
                self._poller = threading.Thread(
                    target=_poll, args=(self._client, self._stop), name="tasker-producer", daemon=True
                )
                self._poller.start()
                process.watch_worker_exit()
            return self._client

    def _settle(self, headers: list[Header], error: KafkaError, message: Message) -> None:  # noqa: ARG002
        """Count a record that librdkafka gave up; it reports failures only."""
        with self._lock:
            self._failed += 1
        code = error.code()
        reason = Drop.EXPIRED if code in _EXPIRED else Drop.CLOSED if code in _PURGED else Drop.REFUSED
        self._trouble.drop(_event_name(headers), reason, error.str())


def _make_client(config: Mapping[str, Any], logger: LibrdkafkaLog) -> Producer:
    try:
        return Producer(dict(config), logger=logger)
    except (KafkaException, TypeError, ValueError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else str(error)
        names = [name for name in config if name in reason] or sorted(set(config) - set(DEFAULTS) - set(FIXED))
        variables = ", ".join(f"KAFKA_{name.upper().replace('.', '_')}={_shown(name, config)}" for name in names)
        raise ConfigurationError(f"{variables}: Kafka's client refuses it: {reason}") from error


def _shown(name: str, config: Mapping[str, Any]) -> str:
    return "***" if any(word in name for word in ("password", "secret", "key")) else str(config[name])


def _poll(client: Producer, stop: threading.Event) -> None:
    """Serve failure reports and librdkafka's log lines until told to stop."""
    while not stop.is_set():
        client.poll(_POLL_S)


def _event_name(headers: list[Header]) -> str:
    return next((value.decode("utf-8", "replace") for name, value in headers if name == CE_TYPE), "?")
