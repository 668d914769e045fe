"""Counts the events that are given up, by reason, and logs each reason at most once a minute.

The service reads its own log, not ours: a broker that is away for an hour must not fill it. Lines and calls of
`on_drop` are collected first, because the collecting code may hold a lock of ours. `report` passes them on, and its
caller holds none.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from enum import StrEnum
from typing import Any, NamedTuple

from tasker_producer.delivery.host import native
from tasker_schemas.headers import Header

LOG_EVERY_S = 60.0

log = logging.getLogger("tasker_producer")

_MAX_PENDING = 10_000
_MAX_PENDING_BYTES = 16 << 20  # of the events that wait for `on_drop`
_reporting: ContextVar[bool] = ContextVar("tasker_reporting", default=False)


class Drop(StrEnum):
    """Why an event was given up."""

    QUEUE_FULL = "queue_full"  # librdkafka's queue is full: the broker is slow or away
    EXPIRED = "expired"  # librdkafka tried for delivery.timeout.ms
    REFUSED = "refused"  # Kafka can never take the record
    SPOOL_FULL = "spool_full"  # the disk space for waiting events is used up
    MEMORY_FULL = "memory_full"  # events came faster than the disk took them
    DAMAGED = "damaged"  # a waiting event cannot be read from the disk any more
    CLOSED = "closed"  # published after close(), or still undelivered when it returned
    NO_BROKER = "no_broker"  # no setting names a Kafka
    DISABLED = "disabled"  # TASKER_ENABLED=false or OTEL_SDK_DISABLED=true


class DroppedEvent(NamedTuple):
    """An event that is given up: its name, the reason as in `stats()`, and its record, encoded as for Kafka."""

    name: str
    reason: str
    topic: str
    key: bytes
    value: bytes
    headers: list[Header]


class DropLog:
    """Counts given-up events, and tells the service's callback and log."""

    def __init__(self, on_drop: Callable[[DroppedEvent], None] | None = None) -> None:
        self._on_drop = on_drop
        self.reset_after_fork()

    def reset_after_fork(self) -> None:
        """Begin anew: a thread that does not exist in this process may hold the locks."""
        self._lock = native.RLock()  # a signal handler may publish while its own thread holds it
        self._reporter = native.allocate_lock()
        self._dropped = dict.fromkeys(Drop, 0)
        self._quiet_until: dict[str, float] = {}
        self._unlogged: dict[str, int] = {}
        self._pending_bytes = 0
        #: Calls of the service's code that wait for `report`.
        self.pending: deque[Callable[[], None]] = deque()

    def drop(self, event: DroppedEvent, detail: str) -> None:
        """Count an event that is given up; `report` tells the service of it."""
        self.count(Drop(event.reason))
        if _reporting.get():  # the callback or log handler publishes itself: to tell it would never end
            return
        if self._on_drop is not None:
            self._collect_event(event)
        self.log(event.reason, f"Error publishing event {event.name} : {event.reason}: {detail}")

    def count(self, reason: Drop, number: int = 1) -> None:
        """Count events that are given up, without telling the service."""
        with self._lock:
            self._dropped[reason] += number

    def dropped(self) -> dict[str, int]:
        """Return how many events were given up, by reason."""
        with self._lock:
            return {str(reason): count for reason, count in self._dropped.items()}

    def log(self, subject: str, message: str, level: int = logging.ERROR) -> None:
        """Collect a line for the log, unless there was a line on the same subject less than a minute ago."""
        if _reporting.get():
            return
        now = time.monotonic()
        with self._lock:
            if now < self._quiet_until.get(subject, 0.0):
                self._unlogged[subject] = self._unlogged.get(subject, 0) + 1
                return
            self._quiet_until[subject] = now + LOG_EVERY_S
            since = self._unlogged.pop(subject, 0)
        repeats = f" ({since} more since the last line)" if since else ""
        self._collect(lambda: log.log(level, "%s%s", message, repeats))

    def report(self) -> None:
        """Run the collected calls of the service's code; the caller must hold no lock of ours.

        A single thread does so at a time. Others return at once, so none of them waits for the service's locks.
        """
        if not self.pending or _reporting.get() or not self._reporter.acquire(blocking=False):
            return
        token = _reporting.set(True)
        try:
            while self.pending:
                with suppress(IndexError), suppress(Exception):  # a log filter of the service may raise, too
                    self.pending.popleft()()
        finally:
            _reporting.reset(token)
            self._reporter.release()

    def _collect(self, call: Callable[[], None]) -> None:
        if len(self.pending) < _MAX_PENDING:  # else the service's callback stands: the counts still hold
            self.pending.append(call)

    def _collect_event(self, event: DroppedEvent) -> None:
        with self._lock:
            if self._pending_bytes > _MAX_PENDING_BYTES or len(self.pending) >= _MAX_PENDING:
                return
            self._pending_bytes += len(event.value)
        self._collect(lambda: self._call(event))

    def _call(self, event: DroppedEvent) -> None:
        assert self._on_drop is not None
        with self._lock:
            self._pending_bytes -= len(event.value)
        try:
            self._on_drop(event)
        except Exception:  # the service's callback; it must not stop the delivery
            log.exception("on_drop failed for %s", event.name)


class LibrdkafkaLog:
    """Passes librdkafka's own lines on, as rarely as ours; confluent-kafka calls `log` as if it were a logger."""

    def __init__(self, drop_log: DropLog) -> None:
        self._drop_log = drop_log

    def log(self, level: int, form: str, *args: Any) -> None:
        """Log a line of librdkafka; its facility (second argument, such as FAIL) is the subject."""
        if args[:1] == ("FATAL",):  # raised too, and logged then
            return
        line = form % args if args else form
        self._drop_log.log(f"librdkafka {args[0] if args else ''}", f"Kafka: {line}", min(level, logging.WARNING))
