"""A group of stats workers on a real Kafka that is asked over HTTP, and the tasks it should know."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import pytest

from tasker_consumers.stats.core.fold import recompute
from tests.support.processes import eventually
from tests.support.stats.arena import PARTITIONS, StatsArena
from tests.support.stats.histories import order_processing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tasker_consumers.embedded import KafkaSource
    from tests.support.worker_process import WorkerProcess

#: One of each pair is under way; the ids are such as people may have.
TASKS = [f"order/{number} & more" for number in range(24)]


class Group(NamedTuple):
    """Workers that know all tasks, and the statistics of these by id."""

    arena: StatsArena
    workers: Sequence[WorkerProcess]
    expected: dict[str, dict[str, Any]]


def publish_tasks(arena: StatsArena) -> dict[str, dict[str, Any]]:
    """Publish what happened in all tasks, and return their statistics."""
    whole, half = order_processing(), order_processing()[:6]
    told = [{**one, "task_id": id_} for n, id_ in enumerate(TASKS) for one in (half if n % 2 else whole)]
    arena.produce(told)
    return recompute(told)


@contextmanager
def start_group(arena: StatsArena, count: int) -> Iterator[list[WorkerProcess]]:
    """Workers that share the partitions, all of them at work."""
    with ExitStack() as stack:
        workers = [stack.enter_context(arena.worker(f"w{number}")) for number in range(count)]
        assert eventually(lambda: sorted(map(partitions_of, workers)) == fair_shares(count))
        yield workers


def fair_shares(count: int) -> list[int]:
    """How many partitions each of so many workers has."""
    return sorted(len(range(number, PARTITIONS, count)) for number in range(count))


def partitions_of(worker: WorkerProcess) -> int:
    """How many partitions a worker says that it holds."""
    lines = worker.get("/metrics")[1].splitlines()
    (number,) = (line.split()[1] for line in lines if line.startswith("tasker_engine_partitions_assigned "))
    return int(float(number))


def asked(worker: WorkerProcess, path: str) -> tuple[int, Any]:
    """Return status and document of an answer."""
    status, text = worker.get(path)
    return status, json.loads(text)


@pytest.fixture(scope="module")
def group(kafka: KafkaSource, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """Three workers that have folded all tasks; tests ask them and change nothing."""
    arena = StatsArena(kafka.bootstrap_servers, f"t{uuid4().hex[:12]}", tmp_path_factory.mktemp("group"))
    expected = publish_tasks(arena)
    with start_group(arena, 3) as workers:
        arena.wait_for(expected)
        yield Group(arena, workers, expected)
