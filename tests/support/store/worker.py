"""A store worker for tests: `python -m tests.support.store.worker VARIABLES_AS_JSON`."""

import json
import os
import sys

from tests.support.store.arena import environment_of

if __name__ == "__main__":
    command = [sys.executable, "-m", "tasker_consumers.cli", "run", "store"]
    os.execve(sys.executable, command, environment_of(json.loads(sys.argv[1])))
