"""`tasker run stats` against a hand-written confluent-kafka loop, Kafka Streams and Quix Streams.

All have the same fold, states on disk, a changelog and the output topic, one process each, on one Kafka, in turns. A
run counts when the last statistics record of every task equals an offline recomputation.

    python -m benchmarks.stats [--rounds N] [--tasks N] [--json]
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.console import Console

from benchmarks.arena import PREFIX, Arena, filled_arena
from benchmarks.engine_process import EngineFailed, running
from benchmarks.our_worker import GROUP, OUTPUTS
from benchmarks.rounds import Report, in_turns, ratio, read_options
from benchmarks.workload import SourceRecord, copies, id_of_copy, workload
from tasker_consumers.stats.fold import recompute
from tasker_schemas.codec import Decoder

# Its group and its command, by the name of an engine.
ENGINES: dict[str, tuple[str, list[str]]] = {
    "ours": (GROUP, ["-m", "benchmarks.ours", "stats"]),
    "plain": ("bench-plain", ["-m", "benchmarks.peers.plain"]),
    "kstreams": ("bench-kstreams", ["-m", "benchmarks.peers.kstreams"]),
    "quix": ("bench-quix", ["-m", "benchmarks.peers.quix"]),
}
LIMIT_S = 300.0
COPIES = 10

Stats = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StatsRace:
    """One workload on one Kafka, and what must come out."""

    arena: Arena
    expected: dict[str, Stats]

    def run(self, name: str, _round: int) -> float:
        """Let an engine work from an empty state to the end; return its records per second."""
        group, arguments = ENGINES[name]
        self.arena.forget(group, *OUTPUTS)
        self.arena.create(*OUTPUTS, compact=True)
        peer: list[str] = []
        if name != "ours":
            # The peers' changelog, and what Kafka Streams' warming up puts out.
            self.arena.create(f"{group}-changelog", f"{group}-warm-up", compact=True)
            peer = [self.arena.servers, group, OUTPUTS[0]]
        environ = {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": self.arena.servers,
            "TASKER_TOPIC_PREFIX": PREFIX,
        }
        with running([sys.executable, *arguments, *peer], environ, name) as engine:
            engine.wait_for(lambda: self.arena.has_read_all(group), LIMIT_S)
            began_at = engine.began_at()
        return self.arena.records / (self.ended_at(name) - began_at)

    def ended_at(self, name: str) -> float:
        """Compare the output with what is expected; return when its last record was appended."""
        decoder, last, last_ms = Decoder(), dict[str, bytes](), 0
        for message in self.arena.output(OUTPUTS[0]):
            last[message.key().decode()] = message.value()
            last_ms = max(last_ms, message.timestamp()[1])
        found = {task_id: decoder.decode("TaskStats", value) for task_id, value in last.items()}
        wrong = [task_id for task_id, stats in self.expected.items() if found.get(task_id) != stats]
        if wrong or len(found) != len(self.expected):
            task = wrong[0] if wrong else "?"
            detail = f"{found.get(task)} instead of {self.expected.get(task)}"
            raise EngineFailed(f"{name}: {len(wrong)} of {len(self.expected)} tasks are wrong, {task}: {detail}")
        return last_ms / 1000


def expected_stats(records: Sequence[SourceRecord], times: int = 1) -> dict[str, Stats]:
    """Recompute the statistics of every task and its copies without Kafka and without any engine."""
    found = recompute((record.event for record in records), (record.headers for record in records))
    ids = {id_of_copy(task_id, number): stats for task_id, stats in found.items() for number in range(times)}
    return {task_id: {**stats, "task_id": task_id} for task_id, stats in ids.items()}


@contextmanager
def stats_race(tasks: int, console: Console) -> Iterator[StatsRace]:
    """Yield a race over so many tasks, on a Kafka that lasts as long."""
    records = list(workload(tasks // COPIES))
    with filled_arena(copies(records, COPIES), console) as arena:
        race = StatsRace(arena, expected_stats(records, COPIES))
        records.clear()
        yield race


def main() -> None:
    """Run the race and print what came out."""
    options = read_options(__doc__, rounds=3, tasks=70_000)
    console = Console(stderr=options.as_json)
    with stats_race(options.tasks, console) as race:
        engines = {name: partial(race.run, name) for name in ENGINES}
        rates = in_turns(engines, options.rounds, console, once=["quix"])
    Report(
        benchmark="stats",
        title=f"Statistics: {race.arena.records:,} records, every run verified",
        rates=rates,
        ratios={f"ratio_{peer}": ratio(rates, "ours", peer) for peer in ENGINES if peer != "ours"},
        more={"records": race.arena.records, "tasks": len(race.expected)},
    ).tell(console, as_json=options.as_json)


if __name__ == "__main__":
    main()
