"""Opens the spool files of a process in their directory: new ones, and those that dead processes have left."""

import os
import sqlite3
import time
from pathlib import Path

from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.host.process import no_fork
from tasker_producer.delivery.spool.directory import (
    bytes_of_others,
    is_private,
    make_private,
    new_file,
    random_directory,
    spool_files,
    try_lock,
    unlink_database,
)
from tasker_producer.delivery.spool.file import SpoolFile
from tasker_producer.delivery.spool.repair import open_or_repair
from tasker_producer.delivery.spool.settings import SpoolSettings

LOOK_EVERY_S = 5.0
_AVOID_S = 60.0


class FileOpener:
    """Opens files in a directory; in another where somebody else could have laid its files."""

    def __init__(self, settings: SpoolSettings, drop_log: DropLog) -> None:
        self._settings = settings
        self._drop_log = drop_log
        self.directory = settings.directory
        self._avoided: dict[Path, float] = {}  # files whose disk does not give them, until a moment
        self._asked_at = float("-inf")
        #: How many bytes the files of other processes take, when they were looked at last.
        self.bytes_of_others = 0

    def new(self) -> SpoolFile:
        """Return a file that no process has; raises OSError or sqlite3.Error when the disk fails."""
        if no_fork.was_cut:
            raise OSError("this process was forked while its parent used the disk")
        self._make_directory()
        path, lock = new_file(self.directory)
        try:
            return SpoolFile(path, lock, self._settings.topics)
        except (OSError, sqlite3.Error):
            unlink_database(path)
            os.close(lock)
            raise

    def inherited(self, own_file: SpoolFile | None) -> SpoolFile | None:
        """Return a file with events that a dead process left; raises OSError or sqlite3.Error when the disk fails."""
        if no_fork.was_cut or not is_private(self.directory):
            return None
        for path in spool_files(self.directory):
            if (own_file is not None and path == own_file.path) or self._avoided.get(path, 0.0) > time.monotonic():
                continue
            if (lock := try_lock(path)) is None:
                continue
            self.avoid(path)  # unless it can be opened
            file = open_or_repair(path, lock, self._settings.topics, self._drop_log)
            del self._avoided[path]
            if file.count:
                return file
            file.close()
        return None

    def avoid(self, path: Path) -> None:
        """Open a file not again for a while: its disk cannot read it."""
        self._avoided[path] = time.monotonic() + _AVOID_S

    def ask_bytes_of_others(self, own_file: SpoolFile | None) -> int:
        """Return how many bytes the files of other processes take; looks every few seconds, and raises OSError."""
        if time.monotonic() > self._asked_at + LOOK_EVERY_S:
            self._asked_at = time.monotonic()
            self.bytes_of_others = bytes_of_others(self.directory, own_file.path if own_file is not None else None)
        return self.bytes_of_others

    def remove_directory(self) -> None:
        """Remove the directory if nothing is in it."""
        for directory in (self.directory, self.directory.parent):
            try:
                directory.rmdir()
            except OSError:
                return

    def _make_directory(self) -> None:
        """Make the directory; where another user could have laid its files, use a directory that nobody can foresee."""
        try:
            make_private(self.directory)
        except PermissionError as error:
            self.directory = random_directory()
            self._drop_log.log("spool directory", f"{error}. Events wait in {self.directory} instead.")
