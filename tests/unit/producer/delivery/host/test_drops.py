"""Events that are given up are counted and told, and the service's code that hears of it stops nothing."""

import logging
import threading

import pytest

from tasker_producer.delivery.host.drops import Drop, DropLog, DroppedEvent
from tests.support.processes import LIMIT_S


def given_up(name: str, reason: Drop = Drop.CLOSED, value: bytes = b"value") -> DroppedEvent:
    return DroppedEvent(name, reason, "tasker.events.custom", b"key", value, [])


def test_given_up_events_are_counted_told_once_and_handed_to_the_service(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[DroppedEvent] = []
    drop_log = DropLog(heard.append)
    for _ in range(1000):
        drop_log.drop(given_up("order.paid", Drop.QUEUE_FULL), "away")
    assert heard == []
    drop_log.report()
    assert drop_log.dropped()["queue_full"] == len(heard) == 1000
    assert caplog.messages == ["Error publishing event order.paid : queue_full: away"]


def test_events_that_wait_for_the_callback_take_a_bounded_part_of_the_memory() -> None:
    heard: list[DroppedEvent] = []
    drop_log = DropLog(heard.append)
    for _ in range(2):  # what is told makes room again
        heard.clear()
        for _ in range(100):
            drop_log.drop(given_up("order.paid", value=bytes(1 << 20)), "closed")
        drop_log.report()
        assert 1 < len(heard) < 20
    assert drop_log.dropped()["closed"] == 200


def test_a_callback_that_fails_does_not_stop_the_delivery(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_event: DroppedEvent) -> None:
        raise RuntimeError

    drop_log = DropLog(fail)
    drop_log.drop(given_up("order.paid"), "closed")
    drop_log.report()
    assert drop_log.dropped()["closed"] == 1
    assert "on_drop failed for order.paid" in caplog.text


def test_a_log_filter_that_raises_reaches_nobody() -> None:
    def fail(_record: logging.LogRecord) -> bool:
        raise RuntimeError

    logger = logging.getLogger("tasker_producer")
    logger.addFilter(fail)
    try:
        drop_log = DropLog()
        drop_log.drop(given_up("order.paid"), "closed")
        drop_log.report()
    finally:
        logger.removeFilter(fail)
    assert not drop_log.pending


def test_a_callback_that_drops_events_itself_is_not_called_for_those() -> None:
    calls: list[str] = []

    def drop_another(event: DroppedEvent) -> None:
        calls.append(event.name)
        drop_log.drop(given_up("order.nested"), "closed")
        drop_log.report()

    drop_log = DropLog(drop_another)
    drop_log.drop(given_up("order.paid"), "closed")
    drop_log.report()
    assert calls == ["order.paid"]
    assert drop_log.dropped()["closed"] == 2
    assert not drop_log.pending


def test_no_thread_waits_while_another_runs_the_services_callback() -> None:
    entered, leave = threading.Event(), threading.Event()

    def stand(_event: DroppedEvent) -> None:
        entered.set()
        leave.wait(LIMIT_S)

    drop_log = DropLog(stand)
    drop_log.drop(given_up("order.paid"), "closed")
    standing = threading.Thread(target=drop_log.report)
    standing.start()
    assert entered.wait(LIMIT_S)
    drop_log.drop(given_up("order.paid"), "closed")
    drop_log.report()  # returns, though the first call still stands
    assert not leave.is_set()
    leave.set()
    standing.join(LIMIT_S)
    assert drop_log.dropped()["closed"] == 2
