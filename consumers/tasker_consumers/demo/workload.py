"""The example service, as the demo runs it."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import tasker_consumers
from tasker_consumers.demo.failure import DemoFailed

_SHOWN_LINES = 15


def example_folder() -> Path:
    """Return the folder of the example service: a checkout's own, else the copy that is installed with the package."""
    package = Path(tasker_consumers.__file__).resolve().parent
    checkout = package.parent.parent / "examples" / "order_processing"
    return checkout if checkout.is_dir() else package / "demo" / "order_processing"


def run_example(environ: Mapping[str, str], directory: Path) -> list[str]:
    """Run the example service to its end, with its log in `directory`; raises DemoFailed if it fails."""
    log = directory / "example.log"
    with log.open("wb") as output:
        ended = subprocess.run(
            [sys.executable, str(example_folder())],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_LINES:]
        raise DemoFailed(f"the example service ended with {ended.returncode}; its last lines:\n" + "\n".join(lines))
    return []
