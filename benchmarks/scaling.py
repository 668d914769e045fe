"""`tasker run stats` in one, two and four processes that share the partitions.

The clock runs from when every process has begun to work until the last output record is on the broker, so joining and
rebalancing are left out. Every run is verified. Kafka runs on the same machine: more processes than cores cannot help.

    python -m benchmarks.scaling [--rounds N] [--tasks N] [--json]
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from functools import partial

from rich.console import Console

from benchmarks.engine_process import wait_for
from benchmarks.our_worker import GROUP, OUTPUTS, our_worker
from benchmarks.rounds import in_turns, line_of_json, read_options, show
from benchmarks.stats import LIMIT_S, StatsRace, stats_race

PROCESSES = (1, 2, 4)


def rate(race: StatsRace, processes: int, _round: int) -> float:
    """Return the records per second of so many processes together."""
    arena = race.arena
    arena.forget(GROUP, *OUTPUTS)
    arena.create(*OUTPUTS, compact=True)
    with ExitStack() as stack:
        workers = [stack.enter_context(our_worker(arena.servers)) for _ in range(processes)]
        wait_for(lambda: all(worker.has_begun() for worker in workers), 60, "not every process gets a partition")
        began_at = time.time()
        done = sum(worker.count("tasker_engine_records_total") for worker in workers)
        wait_for(lambda: arena.has_read_all(GROUP), LIMIT_S, "the backlog does not end")
    return (arena.records - done) / (race.ended_at("ours") - began_at)


def main() -> None:
    """Run all numbers of processes in turns, and print what came out."""
    options = read_options(__doc__, rounds=1, tasks=70_000)
    console = Console(stderr=options.as_json)
    with stats_race(options.tasks, console) as race:
        engines = {str(processes): partial(rate, race, processes) for processes in PROCESSES}
        rates = in_turns(engines, options.rounds, console)
    title = f"Statistics by processes, on {os.cpu_count()} cores with Kafka beside"
    show(title, "records/s", rates, "1", console, compared="1 process is")
    if options.as_json:
        print(line_of_json("scaling", "records/s", rates, {}, records=race.arena.records, cores=os.cpu_count()))


if __name__ == "__main__":
    main()
