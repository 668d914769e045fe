"""Fixtures that every test may use."""

import fcntl
import gc
import logging
import os
import re
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A shell that starts the tests in the background has them ignore Ctrl-C, and with them every process they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, half as many as Hypothesis has: `make hunt` is for more. How long an example takes
# says more of the machine than of the code.
settings.register_profile(
    "tasker", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("tasker")
# For a second run, on another interpreter: pytest --hypothesis-profile quick
settings.register_profile("quick", settings.get_profile("tasker"), max_examples=20)
# Other examples in every run, and many of them: make hunt
settings.register_profile("random", settings.get_profile("tasker"), max_examples=1000, derandomize=False)

#: Folders whose tests wait for servers and processes. They come first, so that short tests fill the end of a run.
SLOW_FOLDERS = ("reliability", "end_to_end", "integration", "deployment")

# Programs that a test starts, not modules to look for examples in.
collect_ignore = ["support/producer/celery_service.py", "support/producer/gunicorn_service.py"]

pytest_plugins = [
    "tests.support.browser",
    "tests.support.kafka.jvm_reader",
    "tests.support.kafka.cluster",
    "tests.support.kafka.secured",
    "tests.support.embedded.maven_repository",
    "tests.support.registry.server",
    "tests.support.telemetry.zipkin",
    "tests.support.store.databases",
    "tests.support.embedded.downloads",  # the last: it imports others, whose asserts pytest rewrites before that
]


def pytest_configure() -> None:
    """Refuse to test modules that this interpreter's compiler made from an older source."""
    root = Path(__file__).parent.parent
    for compiled in root.glob(f"*/tasker_*/**/*{EXTENSION_SUFFIXES[0]}"):
        module = compiled.with_name(compiled.name.partition(".")[0])
        sources = [source for suffix in (".py", ".pyx", ".pxd") if (source := module.with_suffix(suffix)).exists()]
        included = re.findall(r'^include "(.+)"', "".join(source.read_text() for source in sources), re.MULTILINE)
        sources += [root / compiled.relative_to(root).parts[0] / name for name in included]
        if any(source.stat().st_mtime > compiled.stat().st_mtime for source in sources):
            raise pytest.UsageError(f"{compiled.name} is older than its source: make setup")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Spare the collector of garbage all modules and tests of the run, which stay to its end."""
    gc.disable()
    try:
        with _turn(session.config):
            return (yield)
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _turn(config: pytest.Config) -> Iterator[None]:
    """Let no more workers collect at once than there are cores: the first compile the modules for the others."""
    worker: dict[str, str] | None = getattr(config, "workerinput", None)
    if worker is None:
        yield
        return
    turn = int(worker["workerid"].removeprefix("gw")) % (os.cpu_count() or 1)
    with Path(config.option.basetemp).with_name(f"collection-{turn}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow folders first, each in the random order of its files."""
    here, ranks = Path(__file__).parent, {folder: rank for rank, folder in enumerate(SLOW_FOLDERS)}

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0] if item.path.is_relative_to(here) else ""
        return ranks.get(folder, len(ranks))

    items.sort(key=rank)


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Undo a test's set-up of logging: commands set the root's level, and `dictConfig` disables the other loggers."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    for logger in list(root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            logger.disabled = False
