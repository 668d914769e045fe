"""Which failures are a record's own, how many of them are believed, and how they are told.

Any exception while a record is processed puts that record aside, as long as few tasks fail. When many tasks fail within
a minute, the program or its settings are at fault, and the worker ends instead of burying a whole topic.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from aiokafka.errors import KafkaError

from tasker_consumers.engine.flow.batch_producer import RecordRefused
from tasker_consumers.engine.processor import Record
from tasker_schemas.errors import (
    BackendUnavailable,
    ConfigurationError,
    PoisonReason,
    PoisonRecord,
    TaskerEventsError,
)

WINDOW_S = 60.0
_KEY_LENGTH = 80
_OUTSIDE = (BackendUnavailable, ConfigurationError, KafkaError, OSError, MemoryError)

logger = logging.getLogger(__name__)


class Burial(NamedTuple):
    """A record that goes to the dead letters, and the reason."""

    record: Record
    error: PoisonRecord


class QuarantineOverflow(TaskerEventsError):
    """More tasks failed than records can be blamed for; the message names the last of them."""


def is_record_fault(error: BaseException) -> bool:
    """Return whether an exception can be a record's fault: not that of broker, registry, backend, disk or memory.

    RocksDB's client raises bare `Exception` for a damaged or full disk; no other code here raises this type.

    >>> is_record_fault(KeyError("step")), is_record_fault(OSError("no space left")), is_record_fault(Exception("IO"))
    (True, False, False)
    """
    kind = type(error)
    if isinstance(error, QuarantineOverflow) or not isinstance(error, Exception):
        return False
    return not isinstance(error, _OUTSIDE) and kind is not Exception and kind.__module__ != "rocksdict"


def failed(error: Exception) -> PoisonRecord:
    """Return an unexpected exception as the reason of a burial.

    >>> str(failed(TypeError("Integer exceeds 64-bit range")))
    'processing_failed: TypeError: Integer exceeds 64-bit range'
    """
    if isinstance(error, PoisonRecord):
        return error
    if isinstance(error, RecordRefused):
        return PoisonRecord(PoisonReason.TOO_LARGE, f"with this record the task no longer fits: {error}")
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001  an exception whose text cannot be made is a reason all the same
        text = type(error).__name__
    reason = PoisonRecord(PoisonReason.PROCESSING_FAILED, text)
    reason.__cause__ = error
    return reason


def describe(record: Record) -> str:
    """Return where a record is, with the beginning of its key: `topic/partition/offset, key 'order-1'`."""
    key = None if record.key is None else bytes(record.key)[:_KEY_LENGTH].decode("utf-8", "backslashreplace")
    return f"{record.topic}/{record.partition}/{record.offset}, key {key!r}"


class Quarantine:
    """Counts the tasks that failed unexpectedly, and logs burials at most once a minute."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._failures: dict[object, float] = {}
        self._unlogged = 0
        self._newest: Burial | None = None
        self._logged_at = float("-inf")

    def check(self, burials: Iterable[Burial]) -> None:
        """Count the tasks that failed unexpectedly; raises `QuarantineOverflow` when a minute has too many of them."""
        for burial in burials:
            if burial.error.reason is PoisonReason.PROCESSING_FAILED:
                self.count(burial.record.key, f"{describe(burial.record)}: {burial.error}")

    def count(self, key: object, description: str) -> None:
        """Count a failure of a task; raises as `check` does."""
        time_now = self._clock()
        self._failures[key] = time_now
        if len(self._failures) <= self._limit:
            return
        self._failures = {
            task: failed_at for task, failed_at in self._failures.items() if failed_at > time_now - WINDOW_S
        }
        if len(self._failures) > self._limit:
            raise QuarantineOverflow(
                f"more than {self._limit} tasks failed within a minute, so the fault is not in the records "
                f"(TASKER_QUARANTINE_LIMIT); the last was {description}"
            )

    def note(self, burials: Iterable[Burial]) -> None:
        """Log burials that were acknowledged, together with those of the last minute."""
        for burial in burials:
            self._unlogged += 1
            self._newest = burial
        self.log_pending()

    def log_pending(self) -> None:
        """Log the burials that no line has told yet, once the last line is a minute old."""
        time_now = self._clock()
        if self._newest is None or time_now < self._logged_at + WINDOW_S:
            return
        newest = self._newest
        logger.warning(
            "%d record(s) went to the dead letters, the newest from %s: %s",
            self._unlogged,
            describe(newest.record),
            newest.error,
        )
        self._logged_at, self._unlogged, self._newest = time_now, 0, None
