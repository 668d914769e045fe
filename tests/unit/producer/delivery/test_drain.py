"""A batch that Kafka does not take stays on disk, or waits again before all newer events."""

from pathlib import Path

from tasker_producer.delivery.backlog import Backlog
from tasker_producer.delivery.client import Client, make_client
from tasker_producer.delivery.drain import Drain
from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.host.native import Flag
from tasker_producer.delivery.outages import TopicOutages
from tests.support.producer.spooled import backlog, numbers, record


def drain_of(waiting: Backlog, *, stopped: bool = False) -> Drain:
    stop = Flag()
    if stopped:
        stop.set()
    return Drain(waiting, TopicOutages(waiting, "127.0.0.1:9", DropLog()), DropLog(), stop)


def unreachable() -> Client:
    return make_client({"bootstrap.servers": "127.0.0.1:9"}, DropLog(), keep=True)


def test_events_in_memory_that_a_client_gave_back_wait_before_newer_ones() -> None:
    waiting = Backlog(None, DropLog())
    for number in range(3):
        waiting.add(record(number))
    client, drain = unreachable(), drain_of(waiting)
    assert drain._send_batch(client)
    waiting.add(record(3))
    client.take_back()
    drain.conclude()
    assert (waiting.waiting, numbers(waiting.next_batch())) == (4, [0, 1, 2])


def test_events_on_disk_are_counted_once_and_stay_until_all_is_settled(tmp_path: Path) -> None:
    waiting = backlog(tmp_path)
    for number in range(3):
        waiting.add(record(number))
    assert waiting.store()
    drain = drain_of(waiting)
    assert drain._send_batch(unreachable())
    assert (drain.is_sending, drain.undelivered(queued=3)) == (True, 3)
    drain.conclude(settled=False)
    assert (drain.is_sending, waiting.on_disk) == (False, 3)


def test_a_stop_leaves_a_batch_unsent_and_in_its_order() -> None:
    waiting = Backlog(None, DropLog())
    for number in range(3):
        waiting.add(record(number))
    drain = drain_of(waiting, stopped=True)
    assert drain._send_batch(unreachable())
    assert drain.undelivered(queued=0) == 3
    drain.conclude()
    assert numbers(waiting.next_batch()) == [0, 1, 2]
