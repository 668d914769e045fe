"""`tasker up` as a person uses it, on a terminal: everything starts, is shown, comes back, and stops with Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.processes import eventually, is_alive
from tests.support.store.arena import environment_of

GROUPS = ("stats", "telemetry", "store")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """`tasker up` with a terminal of its own; everything that was shown there is kept."""

    def __init__(self, directory: Path) -> None:
        self._screen, terminal = pty.openpty()
        os.set_blocking(self._screen, False)
        self._text = ""
        variables = {"TASKER_STATE_DIR": str(directory), "COLUMNS": "160", "LINES": "50", "TERM": "xterm"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tasker_consumers.cli", "up"],
            stdin=terminal, stdout=terminal, stderr=terminal, env=environment_of(variables), start_new_session=True,
        )  # fmt: skip
        os.close(terminal)

    def text(self) -> str:
        """Return all that was shown, without colours."""
        try:
            while part := os.read(self._screen, 1 << 16):
                self._text += part.decode("utf-8", "replace")
        except OSError:  # nothing now, or the terminal has closed
            pass
        return _ANSI.sub("", self._text)

    def shows(self, group: str, state: str, starts: int) -> bool:
        """Return whether a line of the table says so; a table that ends early is an error of the test's subject."""
        assert self.process.poll() is None, self.text()
        return bool(re.search(rf"^{group} +{state} +{starts} +http://127\.0\.0\.1:\d+", self.text(), re.MULTILINE))


def children_of(pid: int) -> dict[int, str]:
    """Return the processes that a process has started, and theirs, with their command lines."""
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            commands[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
    found: set[int] = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {child: commands[child] for child in found - {pid}}


def test_everything_starts_comes_back_and_stops_with_ctrl_c(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "state")
    try:
        assert eventually(lambda: all(terminal.shows(group, "ok", 1) for group in GROUPS), 180), terminal.text()[-3000:]
        assert re.search(r"^kafka +127\.0\.0\.1:\d+", terminal.text(), re.MULTILINE)
        assert "Ctrl-C stops everything" in terminal.text()
        assert (tmp_path / "state" / "store" / "store.db").exists()
        started = children_of(terminal.process.pid)
        (store,) = [
            pid
            for pid, command in started.items()
            if command.split()[-2:] == ["run", "store"] and " -m " in command and "watchdog" not in command
        ]
        os.kill(store, signal.SIGKILL)
        assert eventually(lambda: terminal.shows("store", "ok", 2), 120), terminal.text()[-3000:]
        started |= children_of(terminal.process.pid)
        os.kill(terminal.process.pid, signal.SIGINT)
        assert terminal.process.wait(90) == 0
        assert "everything is stopped" in terminal.text()
        assert [command for pid, command in started.items() if is_alive(pid)] == []
    finally:
        terminal.process.kill()
        terminal.process.wait()


def test_impatience_leaves_no_process(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "state")
    try:
        assert eventually(lambda: "kafka" in terminal.text() and len(children_of(terminal.process.pid)) > 2, 180)
        started = children_of(terminal.process.pid)
        for _ in range(2):
            os.kill(terminal.process.pid, signal.SIGINT)
        terminal.process.wait(90)
        assert eventually(lambda: not any(map(is_alive, started)))
        assert "Traceback" not in terminal.text()
    finally:
        terminal.process.kill()
        terminal.process.wait()
