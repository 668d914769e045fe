"""Writes the outputs that the pages on debugging show: python docs/outputs.py DATA.

DATA is a folder with `github-actions` and `temporal-histories`, recorded runs of those systems. They are imported into
the Kafka that KAFKA_BOOTSTRAP_SERVERS names, else into an embedded one, under a prefix of their own, and runs of an
order service are published beside them (`orders.py`). Each block behind a line `<!-- output: COMMAND -->` becomes the
output of that command.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from orders import publish_orders

from tasker_consumers.embedded import find_kafka

PAGES = [Path(__file__).with_name(name) for name in ("debugging.md", "replay.md", "three-in-the-morning.md")]
BLOCK = re.compile(r"<!-- output: (tasker [^\n]*) -->\n```text\n.*?```", re.DOTALL)
WIDEST = 118


def run(command: list[str], environ: dict[str, str]) -> str:
    """Return what a command prints, standard error after standard output."""
    tasker = [sys.executable, "-m", "tasker_consumers.cli", *command]
    ended = subprocess.run(tasker, env=environ, capture_output=True, text=True, check=False)
    return ended.stdout + ended.stderr


def block(command: str, environ: dict[str, str]) -> str:
    """Return the marker of a command with its output as a block of text; `| head -N` shortens it."""
    words, _, shortened = command.partition(" | head -")
    lines = (
        run(words.replace("'", "").split()[1:], environ).replace(environ["TASKER_TOPIC_PREFIX"], "tasker").splitlines()
    )
    # Cut between words: the half of a name would look like another name.
    lines = [line.rstrip() if len(line) <= WIDEST else f"{line[:WIDEST].rsplit(None, 1)[0]} …" for line in lines]
    lines = lines[: int(shortened)] if shortened else lines
    return "\n".join([f"<!-- output: {command} -->", "```text", *lines, "```"])


def main(data: Path) -> None:
    """Import the runs, and write every block of the pages anew."""
    with find_kafka(os.environ) as kafka:
        prefix = f"docs{uuid4().hex[:8]}"
        environ = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": prefix}
        run(["topics", "create"], environ)
        run(["import", *map(str, sorted(data.glob("github-actions/*/*.rec")))], environ)
        run(["import", *map(str, sorted(data.glob("temporal-histories/**/*.json")))], environ)
        publish_orders(environ)
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            page.write_text(BLOCK.sub(lambda match: block(match[1], environ), text), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
