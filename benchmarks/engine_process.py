"""An engine as a process of its own, with an empty folder for its states and a note of when it began to work."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_POLL_S = 0.25
_NOTE = "TASKER_STATE_DIR"  # every engine keeps its states there, and so the note too


class EngineFailed(Exception):
    """An engine ended or stood still before its work was done, or its work was wrong."""


@dataclass(frozen=True, slots=True)
class EngineProcess:
    """A running engine."""

    process: subprocess.Popen[bytes]
    folder: Path

    def wait_for(self, condition: Callable[[], bool], limit_s: float) -> None:
        """Wait until the condition holds; raises EngineFailed if it does not in time or the process ends before."""
        wait_for(condition, limit_s, f"not done after {limit_s:.0f} s", self.process)

    def began_at(self) -> float:
        """Return when it handled its first record, in seconds since the epoch."""
        return float((self.folder / "first-record").read_text(encoding="utf-8"))


def wait_for(
    condition: Callable[[], bool], limit_s: float, otherwise: str, process: subprocess.Popen[bytes] | None = None
) -> None:
    """Wait until a condition holds; raises EngineFailed when it does not in time or when the process ends before."""
    end = time.monotonic() + limit_s
    while not condition():
        if process is not None and process.poll() is not None:
            raise EngineFailed(f"the process ended with {process.returncode}")
        if time.monotonic() > end:
            raise EngineFailed(otherwise)
        time.sleep(_POLL_S)


@contextmanager
def running(
    command: Sequence[str], environ: Mapping[str, str], name: str, *, on_one_core: bool = False
) -> Iterator[EngineProcess]:
    """Run an engine while the block lasts, on Linux on one core only if asked for; its log is shown when it fails."""
    if on_one_core:
        command = ["taskset", "--cpu-list", str(max(os.sched_getaffinity(0))), *command]
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, env={**environ, _NOTE: folder}, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield EngineProcess(process, Path(folder))
        except EngineFailed:
            sys.stderr.write(log.read_text(errors="replace")[-3000:])
            raise
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def note_first_record() -> None:
    """Write down that this engine handles its first record now."""
    (Path(os.environ[_NOTE]) / "first-record").write_text(str(time.time()), encoding="utf-8")


def note_first_decode(processor: type[Any]) -> None:
    """Let a class of processors note its first record; after that it decodes as if nothing had been."""
    decode = processor.decode
    noted: list[bool] = []

    def noting(self: Any, record: Any) -> Any:
        if not noted:
            noted.append(True)
            note_first_record()
            processor.decode = decode
        return decode(self, record)

    processor.decode = noting
