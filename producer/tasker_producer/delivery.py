"""The way to Kafka: one idempotent librdkafka producer per process, a bounded queue, a spool, and counts.

`send` does no I/O and never raises for trouble. What the queue does not take waits in the backlog, and goes out when
the queue has emptied: which means that the broker is back. What cannot be kept is counted and logged.
"""

import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from itertools import count
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Message

# Not `confluent_kafka.Producer`: OpenTelemetry's instrumentation replaces that name, and would trace our own events.
from confluent_kafka.cimpl import Producer

from tasker_producer import process
from tasker_producer.backlog import IN_MEMORY, Backlog, SpoolSettings, event_name
from tasker_producer.client import make_client
from tasker_producer.spool import SpooledRecord
from tasker_producer.trouble import Drop, Trouble
from tasker_producer.undelivered import TraceWire, headers_again, trace_of
from tasker_schemas.headers import Header

_POLL_S = 0.1
_STOP_S = 5.0
_PURGE_S = 1.0
_SPANS = 4096
# Not delivered, and nothing is wrong with the record.
_KEPT = {KafkaError._MSG_TIMED_OUT, KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT}  # noqa: SLF001


class Delivery(Protocol):
    """Where finished events go; `send` never blocks and never raises."""

    def send(self, topic: str, key: bytes, value: bytes, headers: list[Header]) -> None:
        """Take one record."""

    def flush(self, timeout: float) -> int:
        """Wait at most `timeout` seconds; return how many records are left."""

    def close(self, timeout: float) -> int:
        """Flush and stop; return how many records were left."""

    def stats(self) -> dict[str, int]:
        """Return counts by name."""

    def after_fork(self) -> None:
        """Start anew in a forked child, before anything is sent there."""


class KafkaDelivery:
    """Takes encoded records and brings them to Kafka in the background."""

    def __init__(
        self,
        kafka: Mapping[str, str],
        spool: SpoolSettings | None = None,
        on_drop: Callable[[str, str], None] | None = None,
    ) -> None:
        self._kafka = kafka
        self._spool = spool
        self._trouble = Trouble(on_drop)
        self._client: Producer | None = None
        self._backlog: Backlog | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._begin_anew()
        self._open()

    def send(self, topic: str, key: bytes, value: bytes, headers: list[Header]) -> None:
        """Take a record; its key decides its partition."""
        next(self._sent)
        client = self._client or self._open()
        backlog = self._backlog
        if client is None:
            self._trouble.drop(event_name(headers), Drop.CLOSED, "the publisher is closed")
            return
        if backlog is not None and backlog.active:
            backlog.add(SpooledRecord(topic, key, value, headers))
            return
        try:
            client.produce(topic, value, key, on_delivery=self._settler(trace_of(headers)), headers=headers)
        except BufferError:
            if backlog is None:
                self._trouble.drop(event_name(headers), Drop.QUEUE_FULL, "the broker is slow or away")
            else:
                backlog.add(SpooledRecord(topic, key, value, headers))
        except KafkaException as error:
            self._trouble.drop(event_name(headers), Drop.REFUSED, str(error.args[0]))

    def flush(self, timeout: float) -> int:
        """Wait at most `timeout` seconds for everything to leave; return how many records are left."""
        client, backlog = self._client, self._backlog
        if client is None:
            return 0
        end = time.monotonic() + timeout
        if backlog is not None and not backlog.wait_until_empty(timeout):
            return self._left(client)
        return _flush(client, max(0.0, end - time.monotonic()))

    def close(self, timeout: float) -> int:
        """Flush, then stop; return how many records were left: in the spool if there is one, else given up."""
        with self._lock:
            self._closed = True
        client, backlog = self._client, self._backlog
        if client is None or self._thread is None:
            return 0
        self.flush(timeout)
        self._stop.set()
        self._thread.join(_STOP_S)
        self._client = None
        lost = sum(self._trouble.dropped().values())
        if len(client):  # more than the records: librdkafka's own events too; so those are counted that come back
            client.purge()
            _flush(client, _PURGE_S)
        if backlog is not None:
            backlog.put_back([*self._returned, *self._unsent])
            backlog.close()
        kept = backlog.waiting if backlog is not None else 0
        return kept + sum(self._trouble.dropped().values()) - lost

    def stats(self) -> dict[str, int]:
        """Return counts since this process began to publish; `dropped_<reason>` for each reason."""
        with self._lock:  # a ticket is drawn to read the counter, and not counted
            self._looks += 1
            sent = next(self._sent) - self._looks + 1
        backlog = self._backlog
        spooled, restored = (0, 0) if backlog is None else (backlog.waiting, backlog.restored)
        left = self._left(self._client) if self._client is not None else spooled
        dropped = self._trouble.dropped()
        lost = sum(dropped.values())
        return {
            "published": sent,
            "delivered": max(0, sent + restored - lost - left),
            "queued": left - spooled,
            "spooled": spooled,
            "dropped": lost,
            **{f"dropped_{reason}": number for reason, number in dropped.items()},
        }

    def _left(self, client: Producer) -> int:
        """Return how many records are undelivered; those on their way from the spool are still in it."""
        waiting = (self._backlog.waiting if self._backlog is not None else 0) + len(self._unsent)
        return waiting if self._draining_disk() else waiting + len(client)

    def _draining_disk(self) -> bool:
        return bool(self._draining) and self._draining[0][0] != IN_MEMORY

    def after_fork(self) -> None:
        """Forget the parent's client and spool: in this process they deliver nothing."""
        if self._client is not None:
            process.never_free(self._client)
        if self._backlog is not None:
            self._backlog.abandon()
        self._trouble.reset_after_fork()
        self._begin_anew()

    def _begin_anew(self) -> None:
        # Reentrant: a signal handler may publish while its own thread holds the lock.
        self._lock = threading.RLock()
        self._client = None
        self._backlog = None
        self._thread = None
        self._stop = threading.Event()
        self._sent = count()
        self._looks = 0
        self._returned: list[SpooledRecord] = []
        self._draining: list[tuple[int, SpooledRecord]] = []
        self._unsent: list[SpooledRecord] = []
        self._settler = lru_cache(_SPANS)(partial(partial, self._settle))  # one for each span, not one for each event

    def _open(self) -> Producer | None:
        """Return this process's client, made on first use; None after close()."""
        with self._lock:
            if self._client is None and not self._closed:
                client = make_client(self._kafka, self._trouble, keep=self._spool is not None)
                if self._spool is not None:
                    self._backlog = Backlog(self._spool, self._trouble)
                self._thread = threading.Thread(target=self._work, args=(client,), name="tasker-producer", daemon=True)
                self._client = client
                self._thread.start()
                process.watch_worker_exit()
            return self._client

    def _work(self, client: Producer) -> None:
        """Serve failure reports and librdkafka's log lines, and look after the backlog, until told to stop."""
        backlog = self._backlog
        if backlog is not None:
            backlog.open()
        while not self._stop.is_set():
            if backlog is not None and backlog.active:
                self._look_after(client, backlog)
            client.poll(_POLL_S)

    def _look_after(self, client: Producer, backlog: Backlog) -> None:
        """Bring what waits to disk, and drain it once the queue is empty: then the broker is there."""
        if self._returned:
            returned, self._returned = self._returned, []
            backlog.put_back(returned)
        backlog.store()
        while not self._stop.is_set() and len(client) == 0 and backlog.active:
            if not self._drain(client, backlog):
                return

    def _drain(self, client: Producer, backlog: Backlog) -> bool:
        """Send what has waited longest; it is forgotten only when it is delivered. Return whether it was."""
        self._draining = backlog.next_batch()
        unsent = [record for _, record in self._draining if not self._produce_again(client, backlog, record)]
        self._unsent = [] if self._draining_disk() else unsent  # nobody else has them
        while len(client) and not self._stop.is_set():
            _flush(client, _POLL_S)
            backlog.store()
        delivered = not unsent and not len(client)
        if delivered:
            backlog.done(self._draining)
            delivered, self._draining = bool(self._draining), []
        return delivered

    def _produce_again(self, client: Producer, backlog: Backlog, record: SpooledRecord) -> bool:
        """Queue a record when there is room; return whether it was taken care of before the end."""
        topic, key, value, headers = record
        while not self._stop.is_set():
            try:
                client.produce(topic, value, key, on_delivery=partial(self._settle_again, record), headers=headers)
            except BufferError:
                client.poll(_POLL_S)
                backlog.store()
                continue
            except KafkaException as error:
                self._trouble.drop(event_name(headers), Drop.REFUSED, str(error.args[0]))
            return True
        return False

    def _settle(self, trace: TraceWire, error: KafkaError, message: Message) -> None:
        """Hear of a record that librdkafka could not deliver; only failures are reported."""
        topic, key, value = message.topic() or "", message.key() or b"", message.value() or b""
        self._keep_or_drop(SpooledRecord(topic, key, value, headers_again(topic, value, trace)), error)

    def _settle_again(self, record: SpooledRecord, error: KafkaError, _message: Message) -> None:
        """Hear of a record from the backlog that could not be delivered."""
        if not self._draining_disk() or error.code() not in _KEPT:  # else it is still on disk
            self._keep_or_drop(record, error)

    def _keep_or_drop(self, record: SpooledRecord, error: KafkaError) -> None:
        if self._backlog is not None and error.code() in _KEPT:
            self._returned.append(record)
            self._backlog.active = True
            return
        reason = Drop.EXPIRED if error.code() == KafkaError._MSG_TIMED_OUT else Drop.REFUSED  # noqa: SLF001
        reason = Drop.CLOSED if self._closed and error.code() in _KEPT else reason
        self._trouble.drop(event_name(record.headers), reason, error.str())


def _flush(client: Producer, timeout: float) -> int:
    """Wait at most `timeout` seconds for the queue to empty; return how many records are in it."""
    try:
        return int(client.flush(timeout))
    except KafkaException:  # a fatal error, such as a right that is missing: its reason was told when it came
        client.poll(timeout)
        return len(client)
