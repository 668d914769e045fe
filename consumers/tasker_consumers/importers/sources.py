"""The contents of files: plain or gzip, alone or in a zip or tar archive, or from standard input.

Each content is read once and from the front, so that an archive is never unpacked to disk.
"""

import gzip
import io
import shutil
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.report import Fault

STANDARD_INPUT = Path("-")
LARGEST_DOCUMENT = 2**30  # bytes of a document that has to be in memory as a whole
_SAMPLE = 2**18  # bytes that are enough to tell a format
_BLOCK = 2**16
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file or of a member of an archive; `path` names it to a reader, `head` are its first bytes."""

    path: Path
    head: bytes
    stream: IO[bytes]

    @property
    def name(self) -> str:
        """The file's name, without the ending of a compression that is already undone."""
        return self.path.name.removesuffix(".gz")

    def read(self) -> bytes:
        """Return all bytes; raise BrokenFile when they are damaged or too many to be held in memory."""
        data = self.stream.read(LARGEST_DOCUMENT + 1)
        if len(data) > LARGEST_DOCUMENT:
            raise BrokenFile("", f"larger than {LARGEST_DOCUMENT} bytes, which is too much for one document")
        return data

    def text(self) -> IO[str]:
        """Return the content as lines of text in UTF-8, without any change of line ends; decoding may raise."""
        return io.TextIOWrapper(self.stream, encoding="utf-8-sig", newline="")


def open_contents(path: Path) -> Iterator[Content | Fault]:
    """Yield the contents of a file, each to be read before the next; raise BrokenFile.

    An archive has a content for each of its files, or the fault of a file that cannot be opened. Any other file has a
    single content, and so has standard input, which is the path `-`.
    """
    with _opened(path) as raw:
        shown = Path("standard input") if path == STANDARD_INPUT else path
        head = raw.read(_TAR_MAGIC_AT + len(_TAR_MAGIC))
        raw.seek(0)
        if head.startswith(_ZIP_MAGICS):
            yield from _in_zip(shown, raw)
        else:
            content = _content(shown, raw)
            if content.head[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC):
                yield from _in_tar(shown, content.stream)
            else:
                yield content


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        file: IO[bytes] = _copy_of_standard_input() if path == STANDARD_INPUT else path.open("rb")
    except IsADirectoryError:
        raise BrokenFile("", "a directory; name the files in it") from None
    except OSError as error:
        raise BrokenFile("", error.strerror or str(error)) from error
    with file:
        yield file


def _copy_of_standard_input() -> IO[bytes]:
    copy = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    shutil.copyfileobj(sys.stdin.buffer, copy)
    copy.seek(0)
    return copy


def _in_zip(path: Path, raw: IO[bytes]) -> Iterator[Content | Fault]:
    with _damage("the archive", "damaged zip"), zipfile.ZipFile(raw) as archive:
        members = [member for member in archive.infolist() if not member.is_dir() and _is_wanted(member.filename)]
        _require(members)
        for member in members:
            if member.flag_bits & _ENCRYPTED:
                yield Fault(path / member.filename, "", "encrypted; unpack the archive first")
                continue
            with archive.open(member) as file:
                yield _member(path / member.filename, file)


def _in_tar(path: Path, raw: IO[bytes]) -> Iterator[Content | Fault]:
    count = 0
    with _damage("the archive", "damaged tar"), tarfile.open(fileobj=raw, mode="r|") as archive:
        for member in archive:
            if member.isfile() and _is_wanted(member.name) and (file := archive.extractfile(member)) is not None:
                count += 1
                yield _member(path / member.name, file)
    _require(range(count))


def _is_wanted(name: str) -> bool:
    """Whether a member of an archive is a person's file; macOS adds others."""
    return not any(part.startswith((".", "__MACOSX")) for part in Path(name).parts if part not in {".", ".."})


def _require(members: object) -> None:
    if not members:
        raise BrokenFile("the archive", "no file is in it")


def _member(path: Path, file: IO[bytes]) -> Content | Fault:
    try:
        content = _content(path, file)
    except BrokenFile as broken:
        return Fault(path, broken.place, broken.problem)
    if content.head.startswith(_ZIP_MAGICS) or content.head[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC):
        return Fault(path, "", "an archive inside an archive; unpack it first")
    return content


def _content(path: Path, raw: IO[bytes]) -> Content:
    """Return the content of a file, decompressed if it is gzip."""
    start = raw.read(len(_GZIP_MAGIC))
    stream: IO[bytes] = cast("IO[bytes]", io.BufferedReader(_Joined(start, raw), _BLOCK))
    if start == _GZIP_MAGIC:
        stream = cast("IO[bytes]", io.BufferedReader(_Unzipped(stream), _BLOCK))
    elif path.suffix == ".gz" and start:
        raise BrokenFile("byte 1", "not gzip, although the name ends in .gz")
    head = stream.read(_SAMPLE)
    if not head.strip():
        raise BrokenFile("", "the file is empty")
    return Content(path, head, cast("IO[bytes]", io.BufferedReader(_Joined(head, stream), _BLOCK)))


class _Joined(io.RawIOBase):
    """Bytes that were read already, and the rest of their stream."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        super().__init__()
        self._head = io.BytesIO(head)
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with _damage("the file", "not readable"):
            data = self._head.read(len(buffer)) or self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Unzipped(io.RawIOBase):
    """The decompressed bytes of a gzip stream."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._file = gzip.GzipFile(fileobj=stream, mode="rb")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with _damage("the compressed data", "damaged gzip"):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def _damage(place: str, problem: str) -> Iterator[None]:
    """Turn errors of compressed data into BrokenFile."""
    try:
        yield
    except (EOFError, OSError, zlib.error, zipfile.BadZipFile, NotImplementedError, tarfile.TarError) as error:
        raise BrokenFile(place, f"{problem}: {error}") from error
