"""The way to Kafka: one idempotent librdkafka producer per process, a bounded queue, a spool, and counts.

`send` does no I/O and never raises for trouble with Kafka. What the queue does not take waits in the backlog, and goes
out when the queue has emptied: the broker is back then. What cannot be kept is counted and logged. A client that has
failed for good is replaced, and what it held waits like the rest.
"""

import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from itertools import count
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Message

from tasker_producer.delivery import process
from tasker_producer.delivery.backlog import Backlog, SpoolSettings
from tasker_producer.delivery.client import KEPT, Client, is_fatal, make_client
from tasker_producer.delivery.drain import Drain
from tasker_producer.delivery.drops import Drop, DropLog
from tasker_producer.delivery.returned import TraceFields, event_name, rebuild_headers, returned, trace_fields
from tasker_producer.delivery.spool import SpooledRecord
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.headers import Header

_POLL_S = 0.1
_STOP_S = 5.0
_PURGE_S = 1.0
_RENEW_S = 5.0  # between a client's failure and the next client: what is wrong at the cluster stays so for a while
_SPANS = 4096


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
        self._drop_log = DropLog(on_drop)
        self._client: Client | None = None
        self._backlog: Backlog | None = None
        self._drain: Drain | None = None
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
            self._drop_log.drop(event_name(headers), Drop.CLOSED, "the publisher is closed")
            return
        if backlog is not None and backlog.active:
            backlog.add(SpooledRecord(topic, key, value, headers))
            return
        try:
            client.produce(topic, value, key, on_delivery=self._settler(trace_fields(headers)), headers=headers)
        except BufferError:
            self._keep(SpooledRecord(topic, key, value, headers), Drop.QUEUE_FULL, "the broker is slow or away")
        except KafkaException as error:
            if is_fatal(error):
                self._keep(SpooledRecord(topic, key, value, headers), Drop.REFUSED, client.why())
            else:
                self._drop_log.drop(event_name(headers), Drop.REFUSED, str(error.args[0]))

    def _keep(self, record: SpooledRecord, reason: Drop, detail: str) -> None:
        """Let a record wait that the client does not take now; without a spool it is given up."""
        if self._backlog is not None:
            self._backlog.add(record)
        else:
            self._drop_log.drop(event_name(record.headers), reason, detail)

    def flush(self, timeout: float) -> int:
        """Wait at most `timeout` seconds for everything to leave; return how many records are left."""
        end = time.monotonic() + timeout
        while (client := self._client) is not None:
            backlog = self._backlog
            if backlog is not None and not backlog.wait_until_empty(max(0.0, end - time.monotonic())):
                return self._left(client)
            left = client.flush(max(0.0, end - time.monotonic()))
            if backlog is None or not backlog.active:  # else a client has failed, and gave them back
                return left
        return 0

    def close(self, timeout: float) -> int:
        """Flush, then stop; return how many records were left: in the spool if there is one, else given up."""
        with self._lock:
            self._closed = True
        if self._client is None or self._thread is None:
            return 0
        self.flush(timeout)
        self._stop.set()
        self._thread.join(_STOP_S)
        client, self._client = self._client, None
        lost = sum(self._drop_log.dropped().values())
        self._leaving = True
        if client.queued():  # more than the records: librdkafka's own events too; so those are counted that come back
            client.purge()
            client.flush(_PURGE_S)
        kept = self._drain.close(settled=not client.queued()) if self._drain is not None else 0
        return kept + sum(self._drop_log.dropped().values()) - lost

    def stats(self) -> dict[str, int]:
        """Return counts since this process began to publish; `dropped_<reason>` for each reason."""
        with self._lock:  # a ticket is drawn to read the counter, and not counted
            self._looks += 1
            sent = next(self._sent) - self._looks + 1
        backlog = self._backlog
        spooled, restored = (0, 0) if backlog is None else (backlog.waiting, backlog.restored)
        left = self._left(self._client) if self._client is not None else spooled
        dropped = self._drop_log.dropped()
        lost = sum(dropped.values())
        return {
            "published": sent,
            "delivered": max(0, sent + restored - lost - left),
            "queued": left - spooled,
            "spooled": spooled,
            "dropped": lost,
            **{f"dropped_{reason}": number for reason, number in dropped.items()},
        }

    def _left(self, client: Client) -> int:
        """Return how many records are undelivered."""
        return client.queued() if self._drain is None else self._drain.left(client.queued())

    def after_fork(self) -> None:
        """Forget the parent's client and spool: in this process they deliver nothing."""
        if self._client is not None:
            process.never_free(self._client)
        if self._backlog is not None:
            self._backlog.abandon()
        self._drop_log.reset_after_fork()
        self._begin_anew()

    def _begin_anew(self) -> None:
        # Reentrant: a signal handler may publish while its own thread holds the lock.
        self._lock = threading.RLock()
        self._client = None
        self._backlog = None
        self._drain = None
        self._thread = None
        self._leaving = False
        self._stop: threading.Event = threading.Event()
        self._sent = count()
        self._looks = 0
        self._settler = lru_cache(_SPANS)(partial(partial, self._settle))  # one for each span, not one for each event

    def _open(self) -> Client | None:
        """Return this process's client, made on first use; None after close()."""
        with self._lock:
            if self._client is None and not self._closed:
                client = self._made()
                if self._spool is not None:
                    self._backlog = Backlog(self._spool, self._drop_log)
                    self._drain = Drain(self._backlog, self._drop_log, self._stop)
                self._thread = threading.Thread(target=self._work, name="tasker-producer", daemon=True)
                self._client = client
                self._thread.start()
                process.watch_worker_exit()
            return self._client

    def _made(self) -> Client:
        return make_client(self._kafka, self._drop_log, keep=self._spool is not None)

    def _work(self) -> None:
        """Look after the delivery until told to stop; whatever happens, it goes on."""
        if self._backlog is not None:
            self._surviving(self._backlog.open)
        while not self._stop.is_set():
            self._surviving(self._serve)
            self._surviving(self._renew)

    def _surviving(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001  nobody restarts this thread
            self._drop_log.log("delivery", f"The delivery of events has met an error, and goes on: {error!r}")
            self._stop.wait(_POLL_S)

    def _serve(self) -> None:
        """Hear failure reports and librdkafka's log lines for a moment, and look after the backlog."""
        if (client := self._client) is None:
            return
        if self._drain is not None:
            self._drain.run(client)
        client.serve(_POLL_S)

    def _renew(self) -> None:
        """Replace a client that has failed, after a while, once nothing is in it any more."""
        client = self._client
        if client is None or not client.failed() or time.monotonic() < client.failed_at + _RENEW_S:
            return
        client.purge()
        if client.flush(_PURGE_S):
            return
        with process.no_fork:  # to make and to free a client takes librdkafka's own locks
            try:
                successor = self._made()
            except ConfigurationError as error:  # such as a certificate that is just being replaced
                self._drop_log.log("client", str(error))
                client.failed_at = time.monotonic()
                return
            if not self._stop.is_set():
                self._client = successor
            del client

    def _settle(self, trace: TraceFields, error: KafkaError, message: Message) -> None:
        """Hear of a record that librdkafka could not deliver; only failures are reported."""
        heard = time.monotonic()
        topic, key, value = message.topic() or "", message.key() or b"", message.value() or b""
        record = SpooledRecord(topic, key, value, rebuild_headers(topic, value, trace))
        client, kept = self._client, error.code() in KEPT
        if kept and self._backlog is not None:
            self._backlog.give_back(returned(record, message, heard))
        elif kept and self._leaving:
            self._drop_log.drop(event_name(record.headers), Drop.CLOSED, error.str())
        elif error.code() == KafkaError._MSG_TIMED_OUT:  # noqa: SLF001
            self._drop_log.drop(event_name(record.headers), Drop.EXPIRED, error.str())
        else:
            detail = client.why() if kept and client is not None else error.str()
            self._drop_log.drop(event_name(record.headers), Drop.REFUSED, detail)
