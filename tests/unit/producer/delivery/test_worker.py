"""The delivery's thread starts once, survives errors, and brings waiting events to disk when it ends."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasker_producer.delivery.backlog import Backlog
from tasker_producer.delivery.client import Client, make_client
from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.worker import Worker
from tasker_schemas.errors import ConfigurationError
from tests.support.processes import eventually
from tests.support.producer.spooled import backlog, record


def unreachable() -> Client:
    return make_client({"bootstrap.servers": "127.0.0.1:9"}, DropLog(), keep=True)


def worker_of(waiting: Backlog, maker: Callable[[], Client] = unreachable) -> Worker:
    return Worker(waiting, maker, "127.0.0.1:9", waiting._drop_log)


def test_a_worker_starts_a_single_thread_and_none_after_its_stop() -> None:
    worker = worker_of(Backlog(None, DropLog()))
    assert [worker.start(), worker.start()] == [True, False]
    worker.stop(10)
    assert not worker.start()


def test_events_that_wait_at_the_stop_are_on_disk_whether_the_thread_ran_or_not(tmp_path: Path) -> None:
    for directory, runs in ((tmp_path / "ran", True), (tmp_path / "never", False)):
        waiting = backlog(directory)
        waiting.add(record(1))
        worker = worker_of(waiting)
        if runs:
            worker.start()
        worker.stop(10)
        assert waiting.on_disk == worker.undelivered() == 1
        assert sum(waiting._drop_log.dropped().values()) == 0


@pytest.mark.parametrize("error", [ConfigurationError("no certificate"), RuntimeError("unforeseen")])
def test_without_a_client_the_thread_goes_on_and_brings_events_to_disk(tmp_path: Path, error: Exception) -> None:
    def fail() -> Client:
        raise error

    waiting = backlog(tmp_path)
    worker = worker_of(waiting, fail)
    waiting.add(record(1))
    worker.start()
    assert eventually(lambda: waiting.on_disk == 1)
    worker.stop(10)
    assert worker._finished.is_set()
