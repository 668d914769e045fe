"""Records that wait, for tests of the spool and the backlog."""

from collections.abc import Sequence
from pathlib import Path

from tasker_producer.delivery.backlog import Backlog
from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.spool.disk import Batch
from tasker_producer.delivery.spool.file import SpoolFile
from tasker_producer.delivery.spool.opener import FileOpener
from tasker_producer.delivery.spool.rows import Entry, SpooledRecord
from tasker_producer.delivery.spool.settings import FullPolicy, SpoolSettings


def record(number: int, size: int = 10, topic: str = "topic") -> SpooledRecord:
    return SpooledRecord(topic, b"key", f"{number}".encode().rjust(size), [("ce_type", b"order.paid"), ("a", b"1")])


def numbers(batch: Batch | Sequence[Entry] | None) -> list[int]:
    entries = batch.entries if isinstance(batch, Batch) else batch or ()
    return [int(entry.value) for _, entry in entries]


def settings(directory: Path, max_bytes: int = 1 << 20, full: FullPolicy = FullPolicy.DROP_OLDEST) -> SpoolSettings:
    return SpoolSettings(directory, max_bytes, full, 0.01)


def backlog(directory: Path, max_bytes: int = 1 << 20, full: FullPolicy = FullPolicy.DROP_OLDEST) -> Backlog:
    return Backlog(settings(directory, max_bytes, full), DropLog())


def new_spool(directory: Path, *values: int) -> SpoolFile:
    """A spool file of this process with records of these numbers."""
    spool = FileOpener(settings(directory), DropLog()).new()
    spool.append([record(value) for value in values])
    return spool


def left_spool(directory: Path, drop_log: DropLog | None = None) -> SpoolFile | None:
    """The first spool file that no process holds."""
    return FileOpener(settings(directory), drop_log or DropLog()).left(None)
