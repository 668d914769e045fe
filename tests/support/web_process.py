"""`tasker web` as a process of its own, asked over HTTP."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.demo_runs import TASKER, tasker_environ
from tests.support.pages import page_at
from tests.support.processes import LIMIT_S, eventually

_BEFORE_ADDRESS = "the web view is at "


class WebProcess:
    """A running web view; `log` is the file of its output."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self.log = log

    def address(self) -> str:
        """Return the address of its pages, as it says it itself."""
        assert eventually(lambda: self.process.poll() is not None or _BEFORE_ADDRESS in self.log.read_text())
        assert self.process.poll() is None, self.log.read_text()
        return self.log.read_text().split(_BEFORE_ADDRESS)[1].split()[0].rstrip("/")

    def get(self, path: str) -> tuple[int, str]:
        """Return status and text of a page."""
        return page_at(self.address() + path)

    def shows(self, path: str, *texts: str) -> bool:
        """Return whether a page has all these texts now."""
        status, page = self.get(path)
        return status == 200 and all(text in page for text in texts)

    def terminate(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT_S)


@contextmanager
def web_process(log: Path, **variables: str) -> Iterator[WebProcess]:
    """Run `tasker web` at a free port with these settings; the block's end kills it."""
    with log.open("wb") as output:
        command = [*TASKER, "web", "--port", "0"]
        process = subprocess.Popen(command, env=tasker_environ(**variables), stdout=output, stderr=output)
    try:
        yield WebProcess(process, log)
    finally:
        process.kill()
        process.wait()
