"""`tasker stats` as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.processes import LIMIT_S
from tests.support.stats.arena import StatsArena
from tests.support.worker_process import ROOT


@contextmanager
def command(arena: StatsArena, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command with the arena's Kafka, or with what `variables` say."""
    environ = {"KAFKA_BOOTSTRAP_SERVERS": arena.kafka["bootstrap.servers"], "TASKER_TOPIC_PREFIX": arena.prefix}
    with subprocess.Popen(
        [sys.executable, "-m", "tasker_consumers.cli", "stats", *arguments],
        cwd=ROOT,
        env={**os.environ, **environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def output(arena: StatsArena, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Return its exit code, and what it wrote to standard output and standard error."""
    with command(arena, *arguments, **variables) as process:
        out, err = process.communicate(timeout=LIMIT_S)
        return process.returncode, out, err
