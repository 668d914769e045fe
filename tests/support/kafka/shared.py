"""A Kafka for all pytest workers of a run: the first that needs it has it started, and it ends with the run.

`python -m tests.support.kafka.shared PID` finds a Kafka, prints its source as JSON and returns; the Kafka is there for
as long as the process PID is.
"""

import fcntl
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from tasker_consumers.embedded import KafkaSource, ServerKind, find_kafka
from tests.support.processes import is_alive

_ROOT = Path(__file__).parents[3]


def shared_kafka(directory: Path, run: int) -> KafkaSource:
    """Return the Kafka of the workers that share a directory; it is there for as long as the process `run` is."""
    with (directory / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = directory / "kafka.json"
        if not answer.exists():
            keeper = [sys.executable, "-m", "tests.support.kafka.shared", str(run)]
            started = subprocess.run(keeper, cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True)
            answer.write_text(started.stdout)
    found = json.loads(answer.read_text())
    return KafkaSource(bootstrap_servers=found["bootstrap_servers"], how=ServerKind(found["how"]), why=found["why"])


def main(run: int) -> int:
    """Leave a process behind that keeps a Kafka until the process `run` has ended, and print its source."""
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        with os.fdopen(reading) as answer:
            text = answer.read()
        sys.stdout.write(text)
        return 0 if text else 1
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with find_kafka(os.environ) as source:
        with os.fdopen(writing, "w") as answer:
            json.dump(asdict(source), answer)
        while is_alive(run):
            time.sleep(0.2)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
