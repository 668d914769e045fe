"""The example service, as the demo runs it."""

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

import tasker_consumers
from tasker_consumers.demo.failure import DemoFailed

_SHOWN_LINES = 15


def example_folder() -> Path:
    """Return the folder of the example service: a checkout's own, else the copy that is installed with the package."""
    package = Path(tasker_consumers.__file__).resolve().parent
    checkout = package.parent.parent / "examples" / "order_processing"
    return checkout if checkout.is_dir() else package / "demo" / "order_processing"


def run_example(environ: Mapping[str, str], tell: Callable[[str], None]) -> list[str]:
    """Run the example service to its end and tell each line it prints; raises DemoFailed if it fails.

    An error of `tell` ends the service and all that it has started.
    """
    last: deque[str] = deque(maxlen=_SHOWN_LINES)
    with subprocess.Popen(
        [sys.executable, str(example_folder())],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    ) as service:
        assert service.stdout is not None
        try:
            for line in service.stdout:
                last.append(line.rstrip())
                tell(last[-1])
        except BaseException:
            os.killpg(service.pid, signal.SIGKILL)  # the shop is several processes
            raise
    if service.returncode:
        raise DemoFailed(f"the example service ended with {service.returncode}; its last lines:\n" + "\n".join(last))
    return []
