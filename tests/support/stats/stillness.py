"""Blows to a herd that make time stand still: a worker, several of them or the broker stop, and go on seconds later."""

import os
import signal
from contextlib import suppress
from random import Random

from tasker_consumers.embedded import EmbeddedKafka
from tests.support.stats.storm import Herd

SHORTEST_S, LONGEST_S = 1.0, 15.0


class Stillness:
    """A seeded schedule of pauses: during starts, work, rebalances and stops (`storm.Blow`)."""

    def __init__(self, broker: EmbeddedKafka, random: Random) -> None:
        self._broker, self._random = broker, random

    def __call__(self, herd: Herd, _: int) -> None:
        """Begin something that moves partitions, or nothing, and stop some processes at a moment of it."""
        random = self._random
        beginning = random.choice([self._nothing, self._crash, self._departure])
        beginning(herd)
        herd.supervise(for_s=3 * random.random())
        pids = [worker.process.pid for worker in herd.workers.values() if random.random() < 0.5]
        if self._broker.pid is not None and (not pids or random.random() < 0.3):
            pids.append(self._broker.pid)
        _send(pids, signal.SIGSTOP)
        herd.supervise(for_s=SHORTEST_S + (LONGEST_S - SHORTEST_S) * random.random())
        _send(pids, signal.SIGCONT)

    def _nothing(self, herd: Herd) -> None:
        """Only work is interrupted."""

    def _crash(self, herd: Herd) -> None:
        herd.kill(self._random.choice(list(herd.workers)), forget=self._random.random() < 0.5)

    def _departure(self, herd: Herd) -> None:
        """A worker is asked to go, and another comes in its place."""
        place = self._random.choice(list(herd.workers))
        herd.workers[place].signal(signal.SIGTERM)
        herd.start(max(herd.workers) + 1)
        del herd.workers[place]


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
