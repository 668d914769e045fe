"""A place on disk for each of the workers that share a host.

RocksDB lets a single process open a database. Workers of a group that were given the same directory therefore take the
first free numbered place in it; a worker that starts again finds the place, and the warm state, of the worker before.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tasker_schemas.errors import ConfigurationError


@contextmanager
def claim_state_dir(root: Path, group: str) -> Iterator[Path]:
    """Hold the first free `root/group/worker-N`; the system frees it with the process, however that ends.

    Raises `ConfigurationError` when the directory cannot be made or written.
    """
    handle, directory = _claim(root / group)
    try:
        yield directory
    finally:
        os.close(handle)


def _claim(base: Path) -> tuple[int, Path]:
    for number in count():
        directory = base / f"worker-{number}"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            handle = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ConfigurationError(
                f"state_dir: {directory} cannot be used ({error.strerror}); name a directory this user may write."
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        return handle, directory
    raise AssertionError("count() does not end")
