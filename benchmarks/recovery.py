"""How fast a worker of `tasker run stats` reads its states back from their changelog, by state store.

The changelog holds one record for each of so many open tasks of five steps; the worker starts with an empty disk. The
rate is that of the records applied between two looks at the worker's own counter; `ready` is from the start of the
process, Python's own start included.

    python -m benchmarks.recovery [--tasks N] [--json]
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from confluent_kafka import Producer
from rich.console import Console

from benchmarks.arena import Arena, filled_arena
from benchmarks.engine_process import EngineFailed
from benchmarks.our_worker import CHANGELOG, GROUP, OUTPUTS, our_worker
from benchmarks.processors import stats_processor
from benchmarks.rounds import read_options
from benchmarks.workload import id_of_copy, open_tasks
from tasker_consumers.stats.core.state import TaskState

STORES = ("memory", "rocksdb")
COPIES = 100
LIMIT_S = 300.0
COUNTER = "tasker_engine_records_recovered_total"


def entries(tasks: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the entries that a worker keeps for open tasks."""
    processor = stats_processor()
    states: dict[bytes, TaskState] = {}
    for record in open_tasks(tasks // COPIES):
        decoded = (dict(record.event), record.headers, time.time_ns() // 1_000_000)
        states[record.key] = processor.fold(states.get(record.key), decoded)
    dumped = [(key.decode(), processor.dump(key, state)[key] or b"") for key, state in states.items()]
    for number in range(COPIES):
        for task_id, value in dumped:
            yield id_of_copy(task_id, number).encode(), value


def write_changelog(arena: Arena, tasks: int) -> int:
    """Write the changelog of that many open tasks; return how many records it has."""
    arena.forget(GROUP, *OUTPUTS)
    arena.create(*OUTPUTS, CHANGELOG, compact=True)
    settings = {"bootstrap.servers": arena.servers, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000}
    producer, written = Producer({**settings, "partitioner": "murmur2_random"}), 0
    for key, value in entries(tasks):
        producer.produce(CHANGELOG, value, key)
        producer.poll(0)
        written += 1
    if producer.flush(60):
        raise EngineFailed("the changelog could not be written within 60 s")
    return written


def recovered(arena: Arena, store: str, records: int) -> dict[str, float]:
    """Return records per second of the recovery, and the seconds from the process's start until it is ready."""
    started = time.monotonic()
    with our_worker(arena.servers, TASKER_STATE_STORE=store) as worker:
        worker.engine.wait_for(lambda: worker.count(COUNTER) > 0, LIMIT_S)
        first, begun = worker.count(COUNTER), time.monotonic()
        worker.engine.wait_for(lambda: worker.count(COUNTER) >= records, LIMIT_S)
        ended = time.monotonic()
        worker.engine.wait_for(worker.is_ready, LIMIT_S)
        return {"records_per_s": (records - first) / (ended - begun), "ready_s": time.monotonic() - started}


def main() -> None:
    """Recover with both stores, and print what came out."""
    options = read_options(__doc__, rounds=1, tasks=500_000)
    console = Console(stderr=options.as_json)
    figures = {}
    with filled_arena([], console) as arena:
        for store in STORES:
            records = write_changelog(arena, options.tasks)
            figures[store] = found = recovered(arena, store, records)
            rate, ready = found["records_per_s"], found["ready_s"]
            console.print(f"{store:8} {records:,} records, {rate:10,.0f} /s, ready after {ready:.1f} s")
    if options.as_json:
        print(json.dumps({"benchmark": "recovery", "records": records, **figures}))


if __name__ == "__main__":
    main()
