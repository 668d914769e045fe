"""A store worker for tests, as `tasker run store` with the given variables."""

import os
import sys

import tasker_consumers.cli.app
import tasker_consumers.store.worker.start  # noqa: F401  the command loads it only when it runs, which is after the fork
from tasker_consumers.cli import main as tasker
from tests.support.store.arena import environment_of


def main(variables: dict[str, str]) -> None:
    """Run until asked to stop."""
    environ = environment_of(variables)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["tasker", "run", "store"]
    tasker()
