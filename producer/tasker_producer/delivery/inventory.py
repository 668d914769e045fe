"""The spool files of a machine as a person looks at them: list them, send those that no process uses, delete them."""

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.kafka import KafkaDelivery
from tasker_producer.delivery.returned import all_headers
from tasker_producer.delivery.spool.directory import is_private, spool_files, try_lock, unlink_database
from tasker_producer.delivery.spool.file import SpoolFile
from tasker_producer.delivery.spool.settings import SpoolSettings
from tasker_schemas.errors import PoisonRecord
from tasker_schemas.headers import CE_TIME

_POLL_S = 0.2
_ASIDE = ("events-*.damaged-*", "events-*.unreadable.jsonl")


class FileState(StrEnum):
    """The use of a spool file."""

    WAITING = "waiting"  # for a process that sends it
    IN_USE = "in use"  # by a process that lives: what is in it is not known to others
    PUT_ASIDE = "put aside"  # rows or files that could not be read
    DAMAGED = "damaged"  # the next process repairs it
    FOREIGN = "of another user"


class SpoolReport(NamedTuple):
    """A spool file: its events by topic, its bytes on disk, and the time of its first event (RFC 3339)."""

    path: Path
    state: FileState
    size: int
    topics: Mapping[str, int] | None = None
    oldest: str | None = None

    @property
    def events(self) -> int | None:
        """How many events are in the file; None where that is not known."""
        return None if self.topics is None else sum(self.topics.values())

    @property
    def service(self) -> str:
        """The service that wrote the file."""
        return self.path.parent.name.rpartition("-")[0]


class SendCounts(NamedTuple):
    """How many events were sent, could not be read or were refused, and still wait."""

    sent: int
    dropped: int
    waiting: int


def list_spools(root: Path) -> list[SpoolReport]:
    """Return the spool files in a directory and in those below it, which belong to a service each.

    Raises OSError for a directory that cannot be read.
    """
    directories = [root, *sorted(path for path in root.iterdir() if path.is_dir())] if root.is_dir() else []
    return [report for directory in directories for report in _reports(directory)]


def send_files(
    kafka: Mapping[str, str], spool: SpoolSettings, paths: Sequence[Path], timeout: float, drop_log: DropLog
) -> SendCounts:
    """Send the events of waiting files in the directory of `spool`, at most `timeout` seconds long.

    An event leaves the disk when Kafka has it. Raises ConfigurationError for settings that Kafka's client refuses.
    """
    delivery = KafkaDelivery(kafka, spool, drop_log)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and (delivery.flush(_POLL_S) or any(map(Path.exists, paths))):
        time.sleep(_POLL_S)
    counts = delivery.stats()
    return SendCounts(counts["delivered"], counts["dropped"], waiting=delivery.close(0.0))


def delete_file(report: SpoolReport) -> bool:
    """Delete a spool file with its events; return whether that was done: not while a process uses it."""
    if report.state is FileState.PUT_ASIDE:
        report.path.unlink(missing_ok=True)
        return True
    lock = try_lock(report.path)
    if lock is None:
        return False
    unlink_database(report.path)
    os.close(lock)
    return True


def _reports(directory: Path) -> Iterator[SpoolReport]:
    if not is_private(directory):  # to open a database of another user leaves files that this user cannot write
        for path in spool_files(directory):
            yield SpoolReport(path, FileState.FOREIGN, path.lstat().st_size)
        return
    for path in spool_files(directory):
        yield _report(path)
    for path in sorted(path for pattern in _ASIDE for path in directory.glob(pattern)):
        yield SpoolReport(path, FileState.PUT_ASIDE, path.lstat().st_size)


def _report(path: Path) -> SpoolReport:
    size = sum(file.lstat().st_size for file in path.parent.glob(f"{path.name}*"))
    lock = try_lock(path)
    if lock is None:
        return SpoolReport(path, FileState.IN_USE, size)
    try:
        file = SpoolFile(path, lock)
    except (OSError, sqlite3.Error):
        os.close(lock)
        return SpoolReport(path, FileState.DAMAGED, size)
    try:
        return SpoolReport(path, FileState.WAITING, size, dict(file.counts), _first_time(file))
    finally:
        file.close()


def _first_time(file: SpoolFile) -> str | None:
    """Return when the first event of a file happened; None for an empty file and for an event that is none of ours."""
    try:
        return next(
            (value.decode() for _, record in file.oldest(1) for name, value in all_headers(record) if name == CE_TIME),
            None,
        )
    except (PoisonRecord, ValueError, sqlite3.Error):
        return None
