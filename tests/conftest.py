"""Fixtures that every test may use."""

import logging
import signal
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A shell that starts the tests in the background has them ignore Ctrl-C, and with them every process they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more of the machine than of the code.
settings.register_profile("tasker", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tasker")
# For a second run of the same examples, on another interpreter: pytest --hypothesis-profile quick
settings.register_profile("quick", settings.get_profile("tasker"), max_examples=20)

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
    for compiled in Path(__file__).parent.parent.glob(f"*/tasker_*/**/*{EXTENSION_SUFFIXES[0]}"):
        module = compiled.with_name(compiled.name.partition(".")[0])
        sources = [source for suffix in (".py", ".pyx", ".pxd") if (source := module.with_suffix(suffix)).exists()]
        if any(source.stat().st_mtime > compiled.stat().st_mtime for source in sources):
            raise pytest.UsageError(f"{compiled.name} is older than its source: make setup")


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
