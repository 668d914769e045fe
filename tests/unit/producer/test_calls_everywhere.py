"""Hostile calls in threads, greenlets, asyncio tasks, generators and a signal handler at once."""

import asyncio
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import gevent
import pytest

from tasker_producer import EventPublisher, OnMisuse, ProducerSettings, current_task
from tasker_producer.testing import RecordingPublisher
from tests.support.producer.hostile import Choices
from tests.support.producer.random_calls import RandomCalls
from tests.support.scale import SCALE

CALLS = 150 * SCALE  # in each place; TEST_SCALE=100 makes the full 100,000
LONGEST_S = 0.005
SIGNAL_EVERY_S = 0.02
GENERATORS = 3


class Caller:
    """Makes random calls in a place of its own, and measures the processor time of each on its thread."""

    def __init__(self, publisher: EventPublisher, seed: int) -> None:
        self._random = random.Random(seed)
        self.calls = RandomCalls(publisher)
        self.times: list[float] = []

    def make(self) -> None:
        """Make a call."""
        choices = Choices(self._random.randbytes(160))
        begin = time.thread_time()
        self.calls.publish(choices)
        self.times.append(time.thread_time() - begin)

    def run(self) -> None:
        """Make all calls."""
        for _ in range(CALLS):
            self.make()

    def in_greenlets(self) -> None:
        """Make all calls in greenlets that take turns."""

        def some() -> None:
            for _ in range(CALLS // 3):
                self.make()
                gevent.sleep(0)

        gevent.joinall([gevent.spawn(some) for _ in range(3)], raise_error=True)

    def in_tasks(self) -> None:
        """Make all calls in tasks of an event loop."""

        async def some() -> None:
            for _ in range(CALLS // 3):
                self.make()
                await asyncio.sleep(0)

        async def all_of_them() -> None:
            await asyncio.gather(some(), some(), some())

        asyncio.run(all_of_them())

    def in_generators(self, publisher: EventPublisher) -> None:
        """Make all calls in generators that are inside of blocks, take turns, and are left in any order."""

        def some(number: int) -> Iterator[None]:
            with publisher.task("order", task_id=f"generator-{number}"):
                for _ in range(CALLS // 3):
                    self.make()
                    yield

        generators = [some(number) for number in range(GENERATORS)]
        while generators:
            generator = self._random.choice(generators)
            if next(generator, self) is self:
                generators.remove(generator)


def call_everywhere(publisher: EventPublisher, monkeypatch: pytest.MonkeyPatch) -> tuple[int, Caller]:
    """Make all calls in all places at once; return how many events they were, and the caller in the event loop."""
    monkeypatch.setenv("TASKER_ON_MISUSE", "log")
    callers = [Caller(publisher, seed) for seed in range(6)]
    threaded, other, green, loop, generated, interrupting = callers
    failures: list[object] = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    threads = [threading.Thread(target=run) for run in (threaded.run, other.run, green.in_greenlets, loop.in_tasks)]

    def interrupt(_: int, __: FrameType | None) -> None:
        interrupting.make()

    previous = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, SIGNAL_EVERY_S, SIGNAL_EVERY_S)
    try:
        for thread in threads:
            thread.start()
        generated.in_generators(publisher)
        for thread in threads:
            thread.join()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert failures == []
    assert current_task() is None
    assert interrupting.calls.publishing > 0
    return sum(caller.calls.publishing for caller in callers) + 3 * GENERATORS, loop  # and their tasks' own events


@pytest.mark.timeout(300 * SCALE)
def test_calls_in_every_place_at_once_raise_nothing_and_the_counts_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.LOG))
    published, loop = call_everywhere(publisher, monkeypatch)
    assert len(publisher.events) + publisher.stats()["dropped_misuse"] == published
    # Of the texts of 70,000 characters and the values of a thousand levels some take longer.
    times = sorted(loop.times)
    assert times[len(times) * 9 // 10] < LONGEST_S


@pytest.mark.timeout(300 * SCALE)
def test_the_counts_of_a_real_delivery_without_a_broker_add_up_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kafka = {"bootstrap.servers": "127.0.0.1:1"}
    publisher = EventPublisher(ProducerSettings(kafka=kafka, spool_dir=tmp_path, on_misuse=OnMisuse.LOG))
    published, _ = call_everywhere(publisher, monkeypatch)
    counts = publisher.stats()
    assert counts["published"] + counts["dropped_misuse"] == published
    left = publisher.close(60)
    counts = publisher.stats()
    assert left == counts["published"]
    assert counts["spooled"] + counts["dropped"] == left
