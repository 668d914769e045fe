"""A private PostgreSQL of Debian's package, run by a user that is not root, and databases in it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tasker_consumers.embedded.ports import free_ports
from tests.support.processes import LIMIT_S, eventually

ABSENT = "PostgreSQL is not installed (Debian: apt-get install postgresql)"


def binaries() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest first; None where it is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class PostgresCluster:
    """A cluster in a directory of its own, without a password, on loopback; may be killed and started again.

    Its log of changes (WAL) is in the empty folder `wal` if there is one: in files of a megabyte, all of which stay.
    """

    def __init__(self, folder: Path, programs: Path, wal: Path | None = None) -> None:
        self.folder = folder
        self._programs = programs
        self.port = free_ports(1)[0]
        self._user: dict[str, Any] = _other_user()
        for owned in (folder, wal):
            if self._user and owned is not None:
                shutil.chown(owned, self._user["user"], self._user["group"])
        log = [] if wal is None else [f"--waldir={wal / 'wal'}", "--wal-segsize=1"]
        known = ["--auth=trust", "--username=tasker", "--no-sync", "--encoding=UTF8"]
        self._run("initdb", *known, *log, "-D", str(self._data))
        self._settings = [] if wal is None else ["wal_keep_size=1GB"]  # no file is used twice
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start it, and return when it answers."""
        settings = ["fsync=off", "max_connections=60", "shared_buffers=64MB", f"unix_socket_directories={self.folder}"]
        options = [part for setting in (*settings, *self._settings) for part in ("-c", setting)]
        log = (self.folder / "log").open("ab")
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        self._process = subprocess.Popen([*command, *options], stdout=log, stderr=log, cwd=self.folder, **self._user)
        log.close()
        assert eventually(self._answers), (self.folder / "log").read_text()

    def kill(self) -> None:
        """End it as a crash would, with all its connections."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: immediate shutdown
            self._process.wait(LIMIT_S)
            self._process = None

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://tasker@127.0.0.1:{self.port}/{database}"

    def make_database(self, name: str, *, folder: Path | None = None) -> str:
        """Make an empty database, whose files are in an empty folder if one is given, and return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            place = ""
            if folder is not None:
                if self._user:
                    shutil.chown(folder, self._user["user"], self._user["group"])
                connection.execute(f"CREATE TABLESPACE \"{name}\" LOCATION '{folder}'".encode())
                place = f'TABLESPACE "{name}"'
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 {place}'.encode())
        return self.url(name)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **self._user)


@contextmanager
def open_cluster(wal: Path | None = None) -> Iterator[PostgresCluster]:
    """Yield a running cluster, and remove it after the block; skips the test where PostgreSQL is not installed.

    Its log of changes is in the empty folder `wal` if there is one.
    """
    programs = binaries()
    if programs is None:
        pytest.skip(ABSENT)
    # Not pytest's own folder: only its owner, here root, may enter it.
    folder = Path(tempfile.mkdtemp(prefix="tasker-postgres-"))
    cluster = PostgresCluster(folder, programs, wal)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _other_user() -> dict[str, Any]:
    """Return who runs PostgreSQL, which refuses root: Debian's user for it, else nobody."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_name, "group": entry.pw_gid, "extra_groups": []}
    return {}
