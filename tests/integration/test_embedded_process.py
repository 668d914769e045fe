"""A guarded process ends with the process that started it, however that one ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasker_consumers.embedded.java.process import GuardedProcess
from tests.support.processes import eventually, is_alive
from tests.support.signal_steps import signal_at_each_step

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
# Prints the guarded process's id; with "fork", a copy of it lives on and holds the watchdog's pipe open.
PARENT = f"""
import os, sys, time
from pathlib import Path
from tasker_consumers.embedded.java.process import GuardedProcess
here = Path(sys.argv[1])
guarded = GuardedProcess({SLEEPER!r}, log=here / "log", remove_if_orphaned=here / "temporary")
copy = os.fork() if "fork" in sys.argv else None
if copy != 0:
    print(guarded.pid, copy or 0, flush=True)
time.sleep(600)
"""


@contextmanager
def parent(here: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """Run PARENT in a process group of its own; yield it, the guarded process's id and the copy's."""
    (here / "temporary").mkdir()
    command = [sys.executable, "-c", PARENT, str(here), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0) as process:
        assert process.stdout is not None
        guarded, copy = map(int, process.stdout.readline().split())
        yield process, guarded, copy
        process.kill()


def test_killing_the_parent_ends_the_process_and_its_temporary_data(tmp_path: Path) -> None:
    with parent(tmp_path) as (process, guarded, _):
        assert is_alive(guarded)
        process.kill()
        assert eventually(lambda: not is_alive(guarded))
        assert eventually(lambda: not (tmp_path / "temporary").exists())


def test_a_forked_copy_of_the_parent_does_not_keep_the_process_alive(tmp_path: Path) -> None:
    with parent(tmp_path, "fork") as (process, guarded, copy):
        process.kill()
        process.wait()
        assert eventually(lambda: not is_alive(guarded))
        assert is_alive(copy)
        os.kill(copy, signal.SIGKILL)


def test_an_interrupt_from_the_terminal_does_not_reach_the_process(tmp_path: Path) -> None:
    with parent(tmp_path) as (process, guarded, _):
        assert os.getpgid(guarded) != os.getpgid(process.pid)
        assert os.getsid(guarded) != os.getsid(process.pid)


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[GuardedProcess]:
    process = GuardedProcess(SLEEPER, log=tmp_path / "log", remove_if_orphaned=None)
    yield process
    process.kill()


def test_a_process_that_is_stopped_is_gone_afterwards(sleeper: GuardedProcess) -> None:
    assert is_alive(sleeper.pid)
    sleeper.stop()
    assert not sleeper.running
    assert not is_alive(sleeper.pid)


def test_a_process_that_is_killed_may_be_stopped_again(sleeper: GuardedProcess) -> None:
    sleeper.kill()
    sleeper.stop()
    assert not is_alive(sleeper.pid)


def test_a_process_that_dies_by_itself_is_noticed(sleeper: GuardedProcess) -> None:
    os.kill(sleeper.pid, signal.SIGKILL)
    assert eventually(lambda: not sleeper.running)


def test_at_whatever_step_of_a_look_a_signal_comes_the_end_is_still_seen(tmp_path: Path) -> None:
    process = GuardedProcess(SLEEPER, log=tmp_path / "log", remove_if_orphaned=None)
    assert all(signal_at_each_step(lambda: process.running))
    os.kill(process.pid, signal.SIGKILL)
    assert eventually(lambda: not process.running)
    process.kill()


def test_at_whatever_step_of_a_kill_a_signal_comes_it_is_done_wholly_or_not_at_all(sleeper: GuardedProcess) -> None:
    for interrupted in signal_at_each_step(sleeper.kill):
        assert interrupted
        assert sleeper.running == is_alive(sleeper.pid)
    assert not sleeper.running


def test_what_a_process_says_is_in_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    say = [sys.executable, "-c", "import sys; print('out', flush=True); print('err', file=sys.stderr)"]
    process = GuardedProcess(say, log=log, remove_if_orphaned=None)
    assert eventually(lambda: not process.running)
    process.stop()
    assert log.read_text().split() == ["out", "err"]


def test_a_command_that_does_not_exist_leaves_its_reason_in_the_log(tmp_path: Path) -> None:
    process = GuardedProcess(["/nowhere/java"], log=tmp_path / "log", remove_if_orphaned=None)
    process.stop()
    assert "/nowhere/java" in (tmp_path / "log").read_text()
