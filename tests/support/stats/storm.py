"""Workers that are killed while events come in, and the comparison of what is left with an offline recomputation."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from confluent_kafka import Consumer, KafkaException, TopicPartition

from benchmarks.stats import expected_stats
from benchmarks.workload import SourceRecord, copies, workload
from tasker_consumers.kafka.offsets import retry_while_electing
from tasker_consumers.stats.core.windows import merge
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic
from tests.support.processes import eventually, reached
from tests.support.stats.arena import PARTITIONS, StatsArena
from tests.support.stats.window_oracle import from_scratch, without_revisions
from tests.support.worker_process import WorkerProcess

COPIES = 10


class Orders:
    """Many tasks at once: a tenth of the events about 4,000 places too late, one in a hundred a second time."""

    def __init__(self, tasks: int, random: Random) -> None:
        self._random = random
        self._records = list(workload(tasks // COPIES))
        self.count = len(self._records) * COPIES

    def __iter__(self) -> Iterator[SourceRecord]:
        late: list[SourceRecord] = []
        for record in copies(self._records, COPIES):
            if self._random.random() < 0.1:
                late.append(record)
            else:
                yield record
            if len(late) > 400:
                yield late.pop(self._random.randrange(len(late)))
        yield from late

    def expected(self) -> dict[str, dict[str, Any]]:
        """Return the statistics of all tasks, recomputed without Kafka."""
        return expected_stats(self._records, COPIES)

    def expected_windows(self) -> list[dict[str, Any]]:
        """Return the windows of all tasks and steps, recomputed without Kafka."""
        windows = from_scratch(record.event for record in self._records)
        return without_revisions(merge({**window, "revision": 0} for window in windows * COPIES))


class Verdict(NamedTuple):
    """What came out of a storm."""

    tasks: int
    events: int
    blows: int
    #: How many blows fell while events waited or were worked at.
    hits: int
    #: How many times a worker ended by itself, and was started again.
    restarts: int
    #: How many events the group had committed when the last blow had fallen.
    committed_in_the_storm: int
    lost: int
    wrong: int
    windows: int
    wrong_windows: int

    @property
    def faults(self) -> int:
        """How much is not as it has to be."""
        return self.lost + self.wrong + self.wrong_windows


class Herd:
    """Workers with a state directory each, under a supervisor that starts again whoever ends; a `with` block.

    `behind` has the address at which workers find Kafka that do not find it directly.
    """

    def __init__(
        self,
        arena: StatsArena,
        workers: int = 3,
        behind: Mapping[int, str] = MappingProxyType({}),
        batch_size: int = 500,
    ) -> None:
        self.arena = arena
        self._behind, self._batch_size = behind, batch_size
        self.workers: dict[int, WorkerProcess] = {}
        self.restarts = 0
        self._living = ExitStack()
        self._asking = Consumer({**arena.kafka, "group.id": f"{arena.prefix}-stats", "log_level": 0})
        for place in range(workers):
            self.start(place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._living.close()
        self._asking.close()

    def start(self, place: int) -> None:
        """Start a worker with the states that its place holds."""
        states = str(self.arena.directory / f"state-{place}")
        address = self._behind.get(place, self.arena.kafka["bootstrap.servers"])
        kafka = {"bootstrap.servers": address}
        worker = self.arena.worker(f"w{place}", state_dir=states, batch_size=self._batch_size, kafka=kafka)
        self.workers[place] = self._living.enter_context(worker)

    def kill(self, place: int, *, forget: bool = False) -> None:
        """End a worker as a crash would, with its disk or without, and start it again."""
        self.workers[place].kill()
        if forget:
            shutil.rmtree(self.arena.directory / f"state-{place}", ignore_errors=True)
        self.start(place)

    def leave(self, place: int) -> None:
        """Ask a worker to go for good."""
        self.workers.pop(place).terminate()

    def supervise(self, for_s: float = 0.0) -> None:
        """Start again whoever ends by itself, now or within so many seconds."""
        eventually(self._mended, for_s)

    def _mended(self) -> bool:
        for place, worker in list(self.workers.items()):
            if worker.process.poll() is not None:
                self.restarts += 1
                self.start(place)
        return False

    def committed(self) -> int:
        """Return how many source records the group has committed; 0 while the broker is away."""
        places = [TopicPartition(topic, number) for topic in self._sources() for number in range(PARTITIONS)]
        try:
            found = retry_while_electing(lambda: self._asking.committed(places, timeout=10))
        except KafkaException:
            return 0
        return sum(max(0, place.offset) for place in found)

    def supervised_committed(self) -> int:
        """Return the same, and start again whoever has ended."""
        self._mended()
        return self.committed()

    def _sources(self) -> list[str]:
        return [event_topic(family, self.arena.prefix) for family in (Family.TASK, Family.STEP)]


Blow = Callable[[Herd, int], None]
"""What happens to the workers; the number counts from 0."""


def storm(herd: Herd, orders: Orders, blow: Blow, blows: int, random: Random, *, at_work: bool = True) -> Verdict:
    """Send a share of the events before each blow; in the end wait until the group is done, and compare.

    A blow falls up to half a second after the group has committed something again, so that there is work to hit. With
    `at_work=False` it falls every 1 to 3 s, however little the group got to do since the last one.
    """
    told, share, sent, hits = iter(orders), orders.count // blows + 1, 0, 0
    for number in range(blows):
        before = herd.committed()
        sent += _send(herd.arena, islice(told, share))
        if at_work:
            assert eventually(lambda before=before: herd.supervised_committed() > before), "it works no more"  # type: ignore[misc]
        herd.supervise(for_s=0.5 * random.random() if at_work else 1 + 2 * random.random())
        hits += herd.committed() < sent
        blow(herd, number)
    committed = herd.committed()
    sent += _send(herd.arena, told)
    assert reached(herd.supervised_committed, sent), f"{herd.committed()} of {sent}"
    verdict = Verdict(len(orders.expected()), sent, blows, hits, herd.restarts, committed, *_faults(herd.arena, orders))
    print(verdict)  # noqa: T201  shown by `pytest -rP`
    return verdict


def _send(arena: StatsArena, records: Iterable[SourceRecord]) -> int:
    """Send events, and return how many there were."""
    sent = 0
    with arena.sender() as sender:
        for family, key, value, headers, _ in records:
            sender.send(event_topic(family, arena.prefix), key, value, headers)
            sent += 1
    return sent


def _faults(arena: StatsArena, orders: Orders) -> tuple[int, int, int, int]:
    """Return how many tasks are lost and how many are wrong, how many windows there should be, how many are wrong."""
    found, expected = arena.stats(), orders.expected()
    lost, wrong = len(expected.keys() - found.keys()), sum(expected.get(key) != value for key, value in found.items())
    windows = orders.expected_windows()
    eventually(lambda: arena.windows() == windows)  # they come some moments after the tasks
    told = arena.windows()
    same = sum(window in told for window in windows)
    return lost, wrong, len(windows), max(len(windows), len(told)) - same
