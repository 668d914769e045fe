"""What an open task costs a worker of `tasker run stats` in memory, by state store.

The worker takes a fifth of the tasks first: what it needs anyway, its buffers and caches are there then. The growth of
its resident memory from there on, by the number of further tasks, is the figure. Each task has five steps, all told.

    python -m benchmarks.memory [--tasks N] [--json]
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from rich.console import Console

from benchmarks.arena import Arena, filled_arena
from benchmarks.our_worker import GROUP, OUTPUTS, our_worker
from benchmarks.rounds import read_options
from benchmarks.workload import SourceRecord, copies, open_tasks

STORES = ("memory", "rocksdb")
COPIES = 10
LIMIT_S = 600.0


def grown(arena: Arena, store: str, first: Iterable[SourceRecord], rest: Iterable[SourceRecord]) -> tuple[int, int]:
    """Return the worker's resident bytes with the first tasks, and with all of them."""
    arena.create(*OUTPUTS, compact=True)
    with our_worker(arena.servers, TASKER_STATE_STORE=store) as worker:
        arena.fill(first)
        worker.engine.wait_for(lambda: arena.has_read_all(GROUP), LIMIT_S)
        before = worker.resident_bytes()
        arena.fill(rest)
        worker.engine.wait_for(lambda: arena.has_read_all(GROUP), LIMIT_S)
        return before, worker.resident_bytes()


def main() -> None:
    """Measure both stores, and print what came out."""
    options = read_options(__doc__, rounds=1, tasks=50_000)
    console = Console(stderr=options.as_json)
    few = list(open_tasks(options.tasks // COPIES))
    fifth = len(few) * COPIES // 5
    figures: dict[str, dict[str, float]] = {}
    for store in STORES:
        told = copies(few, COPIES)
        with filled_arena([], console) as arena:
            before, after = grown(arena, store, (next(told) for _ in range(fifth)), told)
        each = (after - before) / (options.tasks * 4 / 5)
        figures[store] = {"first_fifth_mb": before / 1e6, "all_mb": after / 1e6, "bytes_per_open_task": each}
        console.print(f"{store:8} {before / 1e6:6.0f} MB, then {after / 1e6:6.0f} MB: {each:,.0f} bytes per open task")
    if options.as_json:
        print(json.dumps({"benchmark": "memory", "tasks": options.tasks, "steps": 5, **figures}))


if __name__ == "__main__":
    main()
