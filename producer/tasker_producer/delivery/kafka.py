"""The way to Kafka: an idempotent librdkafka producer per process, a bounded queue, a spool, and counts.

`send` does no I/O and never raises for trouble with Kafka. Events that the queue does not take, or keeps for
seconds, wait in the backlog, and go out when a broker is back. An event that cannot be kept is counted and logged. A
client that has failed for good is replaced, and the events that it held wait like all others.
"""

import logging
import time
from collections.abc import Collection, Mapping
from typing import NamedTuple, Protocol

from confluent_kafka import KafkaError, KafkaException, Message

from tasker_producer.delivery.backlog import Backlog
from tasker_producer.delivery.client import Client, is_fatal, make_client
from tasker_producer.delivery.error_codes import verdict_of
from tasker_producer.delivery.host import native, process
from tasker_producer.delivery.host.drops import Drop, DropLog
from tasker_producer.delivery.returned import Report, Returned, TraceFields, dropped_event, next_number, trace_fields
from tasker_producer.delivery.spool.rows import SpooledRecord
from tasker_producer.delivery.spool.settings import SpoolSettings
from tasker_producer.delivery.worker import Worker
from tasker_schemas.headers import Header

_STOP_S = 0.45  # beyond the timeout of close(), for the disk
_TRY_S = 0.5  # for a connection that was only idle


class Delivery(Protocol):
    """Where finished events go; `send` never blocks and never raises."""

    def send(self, topic: str, key: bytes, value: bytes, headers: list[Header]) -> None:
        """Take a record."""

    def flush(self, timeout: float) -> int:
        """Wait at most `timeout` seconds; return how many records are left."""

    def close(self, timeout: float, *, patient: bool = True) -> int:
        """Flush and stop; return how many records were left. Unless it is `patient`, wait for no Kafka that is away."""

    def stats(self) -> dict[str, int]:
        """Return counts by name."""

    def after_fork(self) -> None:
        """Start anew in a forked child, before anything is sent there."""


class Refusal(NamedTuple):
    """Why an event is not given to Kafka's client now, and whether it waits."""

    reason: Drop
    detail: str
    waits: bool


_WAITS = Refusal(Drop.QUEUE_FULL, "events wait before it", waits=True)


class KafkaDelivery:
    """Takes encoded records and brings them to Kafka in the background.

    Raises ConfigurationError, when it is made, for settings that Kafka's client refuses.
    """

    _worker: Worker
    _backlog: Backlog
    _is_closed: bool

    def __init__(
        self,
        kafka: Mapping[str, str],
        spool: SpoolSettings | None = None,
        drop_log: DropLog | None = None,
        foreign: Collection[str] = frozenset(),
    ) -> None:
        self._kafka = kafka
        self._foreign = foreign
        self._spool = spool
        self._drop_log = drop_log or DropLog()
        self._begin_anew()
        self._worker.client = self._make_client()
        self._start()
        self._drop_log.report()

    def send(self, topic: str, key: bytes, value: bytes, headers: list[Header]) -> None:
        """Take a record; its key decides its partition."""
        self._worker.handovers.sent.add()
        waits = self._backlog.active and not self._is_closed  # nothing is prepared for the client then
        refusal = _WAITS if waits else self._queue(topic, key, value, headers)
        if refusal is not None:
            record = SpooledRecord(topic, key, value, headers)
            if refusal.waits:
                self._backlog.add(record)
                self._start()
            else:
                self._drop_log.drop(dropped_event(record, refusal.reason), refusal.detail)
        if self._drop_log.pending:
            self._drop_log.report()

    def _queue(self, topic: str, key: bytes, value: bytes, headers: list[Header]) -> Refusal | None:
        """Give a record to Kafka's client; return why that is not to be done."""
        worker, number = self._worker, next_number()
        report = Report(self._hear_of, trace_fields(headers), number)
        handovers = worker.handovers
        running = handovers.running
        running[number] = native.get_ident()  # before the looks below: whoever changes what they see waits for this
        try:
            client = worker.client
            if client is not None and (client.is_retired or self._backlog.holds(topic)):
                client = None
            if self._is_closed:  # last: a signal handler may just have closed it
                return Refusal(Drop.CLOSED, "the publisher is closed", waits=False)
            if client is None:
                return _WAITS
            client.produce(topic, value, key, on_delivery=report, headers=headers)
        except BufferError:
            return Refusal(Drop.QUEUE_FULL, "the broker is slow or away", waits=self._spool is not None)
        except KafkaException as error:
            return self._refusal(topic, error)
        finally:
            running.pop(number, None)
        handovers.produced.add()
        worker.topics.add(topic)
        return None

    def _refusal(self, topic: str, error: KafkaException) -> Refusal:
        """Return why Kafka's client did not take an event."""
        client = self._worker.client
        if client is not None and is_fatal(error):
            return Refusal(Drop.REFUSED, client.why(), waits=self._spool is not None)
        keep = verdict_of(error.args[0].code()).keep and self._spool is not None
        if keep:
            self._worker.outages.note(topic, error.args[0])
        return Refusal(Drop.REFUSED, str(error.args[0]), waits=keep)

    def flush(self, timeout: float) -> int:
        """Wait at most `timeout` seconds for everything to leave; return how many records are left."""
        native.wait_for(lambda: self._is_closed or self._worker.is_idle(), timeout)
        self._drop_log.report()
        return self._undelivered()

    def close(self, timeout: float, *, patient: bool = True) -> int:
        """Flush, then stop; return how many records were left: in the spool, or given up where no spool is used.

        Unless it is `patient`, it does not wait for a Kafka that is away: events on disk wait for the next process.
        """
        if not self._closing.acquire(blocking=False):
            return 0
        self._is_closed = True
        begin = time.monotonic()
        worker = self._worker
        worker.handovers.wait(max(timeout, _STOP_S))
        native.wait_for(lambda: worker.has_sent() or (not patient and self._may_leave(worker, begin)), timeout)
        lost = sum(self._drop_log.dropped().values())
        worker.stop(max(0.0, begin + timeout - time.monotonic()) + _STOP_S)
        on_disk, undelivered = self._backlog.on_disk, self._undelivered()
        if on_disk:
            self._drop_log.log("left", f"{on_disk} events wait in {self._backlog.where}", logging.WARNING)
        if undelivered > on_disk:
            self._drop_log.log("unsafe", f"{undelivered - on_disk} events were not on disk when the time was over")
        self._drop_log.report()
        return undelivered + sum(self._drop_log.dropped().values()) - lost

    def _undelivered(self) -> int:
        """Return how many events are undelivered; Kafka's client counts reports of its own with them."""
        published = self._worker.handovers.sent.value() + self._backlog.restored
        return max(0, min(self._worker.undelivered(), published - sum(self._drop_log.dropped().values())))

    def _may_leave(self, worker: Worker, begin: float) -> bool:
        """Return whether no broker is up, and the disk keeps the waiting events."""
        return self._spool is not None and worker.is_down() and time.monotonic() > begin + _TRY_S

    def stats(self) -> dict[str, int]:
        """Return counts since this process began to publish; `dropped_<reason>` for each reason."""
        sent, undelivered = self._worker.handovers.sent.value(), self._undelivered()
        spooled = self._backlog.waiting
        dropped = self._drop_log.dropped()
        lost = sum(dropped.values())
        return {
            "published": sent,
            "delivered": max(0, sent + self._backlog.restored - lost - undelivered),
            "queued": max(0, undelivered - spooled),
            "spooled": spooled,
            "dropped": lost,
            **{f"dropped_{reason}": number for reason, number in dropped.items()},
        }

    def after_fork(self) -> None:
        """Forget the parent's client and spool: in this process they deliver nothing."""
        if self._worker.client is not None:
            process.never_free(self._worker.client)
        self._backlog.abandon()
        self._drop_log.reset_after_fork()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._closing = native.allocate_lock()
        self._is_closed = False
        self._backlog = Backlog(self._spool, self._drop_log)
        brokers = self._kafka.get("bootstrap.servers", "")
        self._worker = Worker(self._backlog, self._make_client, brokers, self._drop_log)
        self._hear_of = self._settle

    def _start(self) -> None:
        """Start this process's thread, unless it runs; where no thread can be had, events wait in memory."""
        if self._worker.start():
            process.watch_worker_exit()

    def _make_client(self) -> Client:
        return make_client(self._kafka, self._drop_log, keep=self._spool is not None, foreign=self._foreign)

    def _settle(self, trace: TraceFields, number: int, error: KafkaError, message: Message) -> None:
        """Hear of a record, the `number`th that was handed over, that did not arrive; only failures are reported."""
        topic, key, value = message.topic() or "", message.key() or b"", message.value() or b""
        record = SpooledRecord(topic, key, value, list(trace))
        keep = verdict_of(error.code()).keep
        if keep and self._spool is not None:
            self._backlog.give_back(Returned(record, number))
            self._worker.outages.note(topic, error)  # which says how many wait
        elif keep and self._worker.is_leaving:
            self._drop_log.drop(dropped_event(record, Drop.CLOSED), error.str())
        elif error.code() == KafkaError._MSG_TIMED_OUT:  # noqa: SLF001
            self._drop_log.drop(dropped_event(record, Drop.EXPIRED), error.str())
        else:
            client = self._worker.client
            detail = client.why() if keep and client is not None and client.failed() else error.str()
            self._drop_log.drop(dropped_event(record, Drop.REFUSED), detail)
