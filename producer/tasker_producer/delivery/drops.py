"""What went wrong on the way to Kafka: counted by reason, and logged at most once a minute for each reason.

The service reads its own log, not ours: a broker that is away for an hour must not fill it.
"""

import logging
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

LOG_EVERY_S = 60.0

log = logging.getLogger("tasker_producer")


class Drop(StrEnum):
    """Why an event was given up."""

    QUEUE_FULL = "queue_full"  # librdkafka's queue is full: the broker is slow or away
    EXPIRED = "expired"  # librdkafka tried for delivery.timeout.ms
    REFUSED = "refused"  # the broker or librdkafka does not accept it, e.g. no permission
    SPOOL_FULL = "spool_full"  # the disk space for waiting events is used up
    CLOSED = "closed"  # published after close(), or still undelivered when it returned


class DropLog:
    """Counts given-up events and tells the service's log, not too often."""

    def __init__(self, on_drop: Callable[[str, str], None] | None = None) -> None:
        self._on_drop = on_drop
        self.reset_after_fork()

    def reset_after_fork(self) -> None:
        """Begin anew: the lock may be held by a thread that does not exist in this process."""
        self._lock = threading.RLock()  # a signal handler may publish while its own thread holds it
        self._dropped = dict.fromkeys(Drop, 0)
        self._quiet_until: dict[str, float] = {}
        self._unlogged: dict[str, int] = {}

    def drop(self, event_name: str, reason: Drop, detail: str) -> None:
        """Count an event that is given up."""
        with self._lock:
            self._dropped[reason] += 1
        if self._on_drop is not None:
            try:
                self._on_drop(event_name, str(reason))
            except Exception:  # the service's callback; it must not stop the delivery
                log.exception("on_drop failed for %s", event_name)
        self.log(reason, f"Error publishing event {event_name} : {reason}: {detail}")

    def dropped(self) -> dict[str, int]:
        """Return how many events were given up, by reason."""
        with self._lock:
            return {str(reason): count for reason, count in self._dropped.items()}

    def log(self, subject: str, message: str, level: int = logging.ERROR) -> None:
        """Log a message, unless one on the same subject was logged less than a minute ago."""
        now = time.monotonic()
        with self._lock:
            if now < self._quiet_until.get(subject, 0.0):
                self._unlogged[subject] = self._unlogged.get(subject, 0) + 1
                return
            self._quiet_until[subject] = now + LOG_EVERY_S
            since = self._unlogged.pop(subject, 0)
        log.log(level, "%s%s", message, f" ({since} more since the last line)" if since else "")


class LibrdkafkaLog:
    """Passes librdkafka's own lines on, as rarely as ours; confluent-kafka calls `log` as if it were a logger."""

    def __init__(self, drop_log: DropLog) -> None:
        self._drop_log = drop_log

    def log(self, level: int, form: str, *args: Any) -> None:
        """Log one of librdkafka's lines; its facility (second argument, such as FAIL) is the subject."""
        if args[:1] == ("FATAL",):  # raised too, and told then
            return
        line = form % args if args else form
        self._drop_log.log(f"librdkafka {args[0] if args else ''}", f"Kafka: {line}", min(level, logging.WARNING))
