"""Standard streams in every state: an encoding without signs, a full device, closed; never a traceback."""

import os
import subprocess
import sys
from errno import ENOENT, ENOSPC
from pathlib import Path

import pytest

from tasker_consumers.cli.frame.streams import write_fault
from tests.support.processes import LIMIT_S

#: Commands that print much or little, and end with 0 or 2, without a broker.
COMMANDS = [(("schemas", "list", "--offline"), 0), (("trace",), 2)]
FULL = Path("/dev/full")


def run_in_shell(arguments: tuple[str, ...], streams: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with streams as a shell opens them."""
    script = f'"$0" -m tasker_consumers.cli "$@" {streams}'
    return subprocess.run(
        ["bash", "-c", script, sys.executable, *arguments],
        env={**os.environ, **variables}, capture_output=True, text=True, check=False, timeout=LIMIT_S,
    )  # fmt: skip


@pytest.mark.skipif(not FULL.exists(), reason="this system has no full device")
@pytest.mark.parametrize(("arguments", "code"), COMMANDS)
def test_a_full_output_is_one_line(arguments: tuple[str, ...], code: int) -> None:
    ended = run_in_shell(arguments, ">/dev/full")
    assert ended.returncode == (code or 1)
    assert ended.stderr.count("\n") == 1
    assert code or ended.stderr == "tasker: cannot write: No space left on device\n"


@pytest.mark.parametrize("streams", [">&-", ">&- 2>&- <&-"])
@pytest.mark.parametrize(("arguments", "code"), COMMANDS)
def test_closed_streams_change_no_exit_code(arguments: tuple[str, ...], code: int, streams: str) -> None:
    ended = run_in_shell(arguments, streams)
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "arguments", [("schemas", "list", "--offline"), ("--help",), ("run", "--help"), ("--version",)]
)
def test_an_output_that_nobody_reads_any_more_ends_a_command_without_a_word(arguments: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "tasker_consumers.cli", *arguments],
        stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=LIMIT_S,
    )  # fmt: skip
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_signs_that_the_encoding_lacks_are_plain(tmp_path: Path) -> None:
    (tmp_path / "contexts.toml").write_text('["größe"]\nTASKER_PARTITIONS = 1\n', encoding="utf-8")
    ended = run_in_shell(
        ("contexts",), "", PYTHONIOENCODING="ascii", TASKER_CONTEXTS_FILE=str(tmp_path / "contexts.toml")
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_only_faults_of_streams_are_told_as_such() -> None:
    assert write_fault(OSError(ENOSPC, "full", "some.avro")) is None
    assert write_fault(OSError(ENOENT, "absent")) is None
