"""The directory of a service's spool files: whose it is, and which process uses which file."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

MAX_FILES = 256  # processes of a machine that spool into the same directory
PRIVATE_FILE = 0o600
_PRIVATE_DIR = 0o700
_OTHERS_WRITE = 0o022
_SUFFIXES = ("", "-wal", "-shm", "-journal")


def make_private(directory: Path) -> None:
    """Make a directory that only this user can enter, with its parents.

    Raises PermissionError for a directory of another user, or that others may write: its files may be forged.
    """
    directory.parent.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
    directory.mkdir(mode=_PRIVATE_DIR, exist_ok=True)
    if not is_private(directory):
        raise PermissionError(f"{directory} is a link, belongs to another user, or may be written by others")


def is_private(directory: Path) -> bool:
    """Return whether a directory exists, belongs to this user, and only this user may write to it."""
    try:
        status = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_WRITE


def random_directory() -> Path:
    """Make a directory that no other user can have foreseen; raises OSError where none can be made."""
    return Path(tempfile.mkdtemp(prefix="tasker-spool-"))


def spool_files(directory: Path) -> list[Path]:
    """Return the spool files in a directory, also while it does not exist."""
    return sorted(directory.glob("events-*.sqlite"))


def new_file(directory: Path) -> tuple[Path, int]:
    """Return a name that no file has, and its lock; raises OSError when all names are in use."""
    for path in (directory / f"events-{number}.sqlite" for number in range(MAX_FILES)):
        if not path.exists() and (lock := try_lock(path)) is not None:
            if not path.exists():
                return path, lock
            os.close(lock)
    raise OSError(f"{directory} holds {MAX_FILES} spools, all of them in use")


def try_lock(path: Path) -> int | None:
    """Lock a spool file; return the open lock, or None where a process, this one included, has it already."""
    name = path.with_suffix(".lock")
    while True:
        lock = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(lock).st_ino == name.stat().st_ino:
                return lock
        except FileNotFoundError:
            pass  # its owner has removed it meanwhile
        except BlockingIOError:
            os.close(lock)
            return None
        except OSError:
            os.close(lock)
            raise
        os.close(lock)


def unlink_database(path: Path, *, keep_lock: bool = False) -> None:
    """Remove an SQLite database with its log; the caller holds its lock."""
    for suffix in _SUFFIXES:
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    if not keep_lock:
        path.with_suffix(".lock").unlink(missing_ok=True)


def move_aside(path: Path) -> Path:
    """Rename a database that cannot be used, and its log, for a person to look at; return its new name."""
    aside = next(name for name in _aside_names(path) if not name.exists())
    for suffix in _SUFFIXES:
        old = Path(f"{path}{suffix}")
        if old.exists():
            old.rename(f"{aside}{suffix}")
    return aside


def bytes_of_others(directory: Path, own_file: Path | None) -> int:
    """Return how many bytes the files of other processes, dead or alive, take in a directory."""
    names = {f"{own_file}{suffix}" for suffix in _SUFFIXES} if own_file is not None else set()
    total = 0
    if not directory.exists():
        return 0
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.path not in names and entry.name.startswith("events-") and not entry.name.endswith(".lock"):
                try:
                    total += entry.stat(follow_symlinks=False).st_size
                except FileNotFoundError:  # another process has just sent the events in it
                    continue
    return total


def _aside_names(path: Path) -> Iterator[Path]:
    return (path.with_suffix(f".damaged-{os.getpid()}-{number}") for number in range(1_000_000))
