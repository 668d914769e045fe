"""The web view of a demo that goes on."""

from collections.abc import Iterator
from contextlib import contextmanager

from tasker_consumers.demo.stage import Stage
from tasker_consumers.demo.workers import WEB, command_of, has_web
from tasker_consumers.embedded.java.process import GuardedProcess
from tasker_consumers.embedded.ports import free_ports

_HOST = "127.0.0.1"


@contextmanager
def start_web(stage: Stage) -> Iterator[str | None]:
    """Start the web view, and yield its address; None where its libraries are not installed."""
    if not has_web():
        yield None
        return
    (port,) = free_ports(1)
    variables = {
        "KAFKA_BOOTSTRAP_SERVERS": stage.source.bootstrap_servers,
        "TASKER_TOPIC_PREFIX": stage.prefix,
        "TASKER_STATE_DIR": str(stage.directory / "state"),
        "TASKER_WEB_HOST": _HOST,
        "TASKER_WEB_PORT": str(port),
    }
    process = GuardedProcess(
        command_of(WEB, variables), log=stage.directory / f"{WEB}.log", remove_if_orphaned=stage.directory
    )
    try:
        yield f"http://{_HOST}:{port}"
    finally:
        process.stop()
