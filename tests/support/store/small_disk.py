"""A disk of a few megabytes in memory, that a test may fill and empty."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_BLOCK = 4096


class SmallDisk:
    """A file system of its own; `folder` is where it is mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, *, free: int) -> None:
        """Leave so many bytes."""
        found = os.statvfs(self.folder)
        with self._ballast.open("wb") as ballast:
            ballast.write(bytes(max(0, found.f_bavail * found.f_frsize - free) // _BLOCK * _BLOCK))

    def empty(self) -> None:
        """Give the room back."""
        self._ballast.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk in a new folder; skips the test where this user may not."""
    folder.mkdir()
    size = ["-o", f"size={megabytes}m"]
    mounted = subprocess.run(["mount", "-t", "tmpfs", *size, "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
