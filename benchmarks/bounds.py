"""The memory of a stats worker with many partitions, and the longest pauses of its loop.

Each partition gets a week of ended tasks of many names, as restored from a changelog. Then its windows are made anew,
and all states are asked what is due. A pause is the processor time that the loop's thread takes before others have
their turn, so that a busy machine does not count.

    python -m benchmarks.bounds [--partitions 24] [--names 50] [--every-minutes 10] [--json]

The defaults make 1.2 million states; a task of each name ends every ten minutes in each partition.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from tasker_consumers.engine.flow.sweep import STATES_PER_JOB
from tasker_consumers.engine.state.index import Indexing
from tasker_consumers.engine.state.rocks_store import RocksStore
from tasker_consumers.stats.clocks import SECOND
from tasker_consumers.stats.processor import StatsProcessor, build_stats_processor

WEEK_S = 7 * 86_400
_WRITTEN_TOGETHER = 500


def events_of(name: str, end: int, task_id: str) -> Iterator[dict[str, Any]]:
    """Yield the events of a task of one step that ended at a time in microseconds."""
    same = {"task_id": task_id, "task_name": name}
    yield {**same, "event_name": "task.start_requested", "event_id": f"{task_id}/1", "timestamp": end - 2 * SECOND}
    step = {"step_id": "s", "step_name": f"step of {name}", "started_at": end - SECOND, "completed_at": end}
    yield {"event_name": "step.completed", "event_id": f"{task_id}/2", "timestamp": end, "task_id": task_id, **step}
    yield {**same, "event_name": "task.completed", "event_id": f"{task_id}/3", "timestamp": end, "completed_at": end}


def fill(processor: StatsProcessor, store: RocksStore, partition: int, names: int, every_s: int) -> int:
    """Write a week of tasks into a partition, and return how many there are."""
    present = time.time_ns() // 1000
    entries: dict[bytes, bytes | None] = {}
    count = 0
    for age_s in range(0, WEEK_S - 3600, every_s):
        for number in range(names):
            end = present - age_s * SECOND
            task_id = f"{partition}-{number}-{age_s}"
            state = None
            for event in events_of(f"name {number}", end, task_id):
                state = processor.fold(state, (event, (), end // 1000))
            assert state is not None
            state.first_heard_at = state.last_heard_at = end  # as if it had come at its time
            entries.update(processor.dump(task_id.encode(), state))
            count += 1
        if len(entries) > _WRITTEN_TOGETHER:
            store.write(partition, entries, count)
            entries = {}
    store.write(partition, entries, count)
    return count


@asynccontextmanager
async def longest_pause() -> AsyncIterator[list[float]]:
    """Yield a list that holds, at the end, the longest pause in seconds of this thread's processor time."""
    longest = [0.0]

    async def watch() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            longest[0], last = max(longest[0], time.thread_time() - last), time.thread_time()

    watching = asyncio.create_task(watch())
    try:
        yield longest
    finally:
        watching.cancel()


async def measure(partitions: int, names: int, every_s: int, folder: Path) -> dict[str, Any]:
    """Return the states, the seconds, the pauses and the peak of the memory."""
    processor = build_stats_processor()
    store = RocksStore(folder)
    indexing = Indexing(processor.index, store)
    states = sum(fill(processor, store, partition, names, every_s) for partition in range(partitions))
    after_fill = _peak_mib()
    begun = time.thread_time()
    async with longest_pause() as rebuilding:
        await indexing.take(range(partitions))
    rebuild_s = time.thread_time() - begun
    async with longest_pause() as asking:
        for partition in range(partitions):
            keys, read = store.heads(partition), store.reader(partition)
            while part := list(islice(keys, STATES_PER_JOB)):
                for key in part:
                    state = processor.load(key, read)
                    assert state is None or not processor.is_due(state, 0)
                await asyncio.sleep(0)
    store.close()
    return {
        "partitions": partitions,
        "names": names,
        "states": states,
        "peak_mib_states": round(after_fill),
        "peak_mib": round(_peak_mib()),
        "rebuild_states_per_s": round(states / rebuild_s),
        "longest_pause_rebuild_ms": round(1000 * rebuilding[0], 1),
        "longest_pause_sweep_ms": round(1000 * asking[0], 1),
    }


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure once, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--partitions", type=int, default=24)
    parser.add_argument("--names", type=int, default=50)
    parser.add_argument("--every-minutes", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="print one line of JSON with every figure")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(options.partitions, options.names, options.every_minutes * 60, Path(folder)))
    if options.json:
        print(json.dumps({"benchmark": "bounds", **figures}))
    else:
        for name, figure in figures.items():
            print(f"{name:26} {figure:,}")


if __name__ == "__main__":
    main()
