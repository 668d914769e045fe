"""What an open task costs a worker of `tasker run stats` in memory, by state store.

The tasks come in fifths, each worked through before the next: the first two fill what the worker needs anyway, its
buffers and caches. The growth of its resident memory from there on, by the number of further tasks, is the figure. Each
task has five steps, all told.

    python -m benchmarks.memory [--tasks N] [--json]
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice

from rich.console import Console

from benchmarks.arena import Arena, filled_arena
from benchmarks.our_worker import GROUP, OUTPUTS, our_worker
from benchmarks.rounds import read_options
from benchmarks.workload import SourceRecord, copies, open_tasks

STORES = ("memory", "rocksdb")
COPIES = 10
PARTS, WARM = 5, 2
LIMIT_S = 600.0


def resident(arena: Arena, store: str, records: Sequence[SourceRecord]) -> list[int]:
    """Return the worker's resident bytes after each fifth of the tasks."""
    told, fifth = copies(records, COPIES), len(records) * COPIES // PARTS
    found = []
    arena.create(*OUTPUTS, compact=True)
    with our_worker(arena.servers, TASKER_STATE_STORE=store) as worker:
        for _ in range(PARTS):
            arena.fill(islice(told, fifth))
            worker.engine.wait_for(lambda: arena.has_read_all(GROUP), LIMIT_S)
            found.append(worker.resident_bytes())
    return found


def main() -> None:
    """Measure both stores, and print what came out."""
    options = read_options(__doc__, rounds=1, tasks=150_000)
    console = Console(stderr=options.as_json)
    records = list(open_tasks(options.tasks // COPIES))
    figures: dict[str, dict[str, object]] = {}
    for store in STORES:
        with filled_arena([], console) as arena:
            found = resident(arena, store, records)
        each = (found[-1] - found[WARM - 1]) / (options.tasks * (PARTS - WARM) / PARTS)
        figures[store] = {"resident_mb": [size / 1e6 for size in found], "bytes_per_open_task": each}
        sizes = ", ".join(f"{size / 1e6:.0f}" for size in found)
        console.print(f"{store:8} {sizes} MB: {each:,.0f} bytes per open task")
    if options.as_json:
        print(json.dumps({"benchmark": "memory", "tasks": options.tasks, "steps": 5, **figures}))


if __name__ == "__main__":
    main()
