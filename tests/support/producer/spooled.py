"""Records that wait, for tests of the spool and the backlog."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tasker_producer.delivery.backlog import Backlog
from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.spool.disk import Batch
from tasker_producer.delivery.spool.file import SpoolFile
from tasker_producer.delivery.spool.opener import FileOpener
from tasker_producer.delivery.spool.rows import Entry, SpooledRecord
from tasker_producer.delivery.spool.settings import FullPolicy, SpoolSettings

_backlogs: list[Backlog] = []
_files: list[SpoolFile] = []


@pytest.fixture(autouse=True)
def closed_databases() -> Iterator[None]:
    """Close the databases of spools after a test: most tests leave them as a process that dies would."""
    yield
    disks = [backlog.disk for backlog in _backlogs if backlog.disk is not None]
    for file in [*_files, *(file for disk in disks for file in (disk._own, disk._inherited))]:
        if file is not None:
            file._database.close()
    _backlogs.clear()
    _files.clear()


def record(number: int, size: int = 10, topic: str = "topic") -> SpooledRecord:
    return SpooledRecord(topic, b"key", f"{number}".encode().rjust(size), [("ce_type", b"order.paid"), ("a", b"1")])


def numbers(batch: Batch | Sequence[Entry] | None) -> list[int]:
    entries = batch.entries if isinstance(batch, Batch) else batch or ()
    return [int(entry.value) for _, entry in entries]


def settings(directory: Path, max_bytes: int = 1 << 20, full: FullPolicy = FullPolicy.DROP_OLDEST) -> SpoolSettings:
    return SpoolSettings(directory, max_bytes, full, 0.01)


def backlog(directory: Path, max_bytes: int = 1 << 20, full: FullPolicy = FullPolicy.DROP_OLDEST) -> Backlog:
    _backlogs.append(Backlog(settings(directory, max_bytes, full), DropLog()))
    return _backlogs[-1]


def new_spool(directory: Path, *values: int) -> SpoolFile:
    """A spool file of this process with records of these numbers."""
    spool = FileOpener(settings(directory), DropLog()).new()
    spool.append([record(value) for value in values])
    _files.append(spool)
    return spool


def left_spool(directory: Path, drop_log: DropLog | None = None) -> SpoolFile | None:
    """The first spool file that no process holds."""
    spool = FileOpener(settings(directory), drop_log or DropLog()).inherited(None)
    _files.extend([] if spool is None else [spool])
    return spool
