"""`tasker run stats` against a hand-written confluent-kafka loop, Kafka Streams and Quix Streams.

All have the same fold, states on disk, a changelog and the output topic, one process each, on one Kafka, in turns. Ours
and Kafka Streams make the windows by name, minute and hour as well, keep them on disk and tell them every two seconds:
ours beside the states, with only marks in the changelog, Kafka Streams in stores with changelogs of their own. The loop
and Quix Streams make none.

A run counts when the last statistics record of every task equals an offline recomputation, and, of ours and of Kafka
Streams, the newest records of the windows add up to its windows. The clock stops at the last statistics record: what is
told of windows after it is in nobody's time, nor what Kafka Streams counts for them in its last two seconds.

Beside its stream thread a Java machine compiles, collects garbage, sends and compacts in threads of its own, while a
Python process computes in one thread at a time. So ours and Kafka Streams also run on one core each, while Kafka may
use all: `ratio_kstreams` compares them on the whole machine, `ratio_kstreams_on_one_core` there.

    python -m benchmarks.stats [--rounds N] [--tasks N] [--json]
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.console import Console

from benchmarks.arena import PREFIX, Arena, filled_arena
from benchmarks.engine_process import EngineFailed, EngineProcess, running
from benchmarks.our_worker import GROUP, OUTPUTS
from benchmarks.peers.quix_environment import quix_environ, quix_python
from benchmarks.rounds import Report, in_turns, ratio, read_options
from benchmarks.workload import SourceRecord, copies, id_of_copy, workload
from tasker_consumers.stats.core.counting import WindowDeltas
from tasker_consumers.stats.core.fold import fold, recompute
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.windows import Window, merge, window_key_of
from tasker_consumers.stats.reading.topics import newest_windows
from tasker_schemas.avro.codec import Decoder

# Its group and its command, by the name of an engine.
ENGINES: dict[str, tuple[str, list[str]]] = {
    "ours": (GROUP, ["-m", "benchmarks.ours", "stats"]),
    "plain": ("bench-plain", ["-m", "benchmarks.peers.plain"]),
    "kstreams": ("bench-kstreams", ["-m", "benchmarks.peers.kstreams"]),
    "quix": ("bench-quix", ["-m", "benchmarks.peers.quix"]),
}
# Those that make windows.
WINDOWING = ("ours", "kstreams")
ON_ONE_CORE = "_on_one_core"
LIMIT_S = 300.0
WINDOWS_LIMIT_S = 20.0
COPIES = 10

Stats = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StatsRace:
    """One workload on one Kafka, and what must come out."""

    arena: Arena
    expected: dict[str, Stats]
    windows: list[Stats]

    def run(self, name: str, _round: int) -> float:
        """Let an engine work from an empty state to the end; return its records per second."""
        name, on_one_core = name.removesuffix(ON_ONE_CORE), name.endswith(ON_ONE_CORE)
        group, arguments = ENGINES[name]
        self.arena.forget(group, *OUTPUTS)
        self.arena.create(*OUTPUTS, compact=True)
        peer: list[str] = []
        if name != "ours":
            # The peers' changelog, and what Kafka Streams' warming up puts out.
            self.arena.create(f"{group}-changelog", f"{group}-warm-up", compact=True)
            peer = [self.arena.servers, group, *(OUTPUTS if name in WINDOWING else OUTPUTS[:1])]
        environ = {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": self.arena.servers,
            "TASKER_TOPIC_PREFIX": PREFIX,
        }
        python = sys.executable
        if name == "quix":
            python, environ = quix_python(), {**environ, **quix_environ()}
        command = [python, *arguments, *peer]
        with running(command, environ, name, on_one_core=on_one_core) as engine:
            engine.wait_for(lambda: self.arena.has_read_all(group), LIMIT_S)
            began_at = engine.began_at()
            if name in WINDOWING:
                self.await_windows(name, engine)
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

    def await_windows(self, name: str, engine: EngineProcess) -> None:
        """Wait until the windows add up to what is expected; raises EngineFailed when they do not within the limit."""
        try:
            engine.wait_for(lambda: self._wrong_window() is None, WINDOWS_LIMIT_S)
        except EngineFailed as error:
            raise EngineFailed(f"{name}: {error}: {self._wrong_window() or 'the windows came too late'}") from error

    def _wrong_window(self) -> str | None:
        """Return what is wrong with the windows on the topic, None when nothing is."""
        decoder = Decoder()
        told: list[Stats] = []
        for message in self.arena.output(OUTPUTS[1]):
            value = decoder.decode("StatsWindow", message.value())
            place = window_key_of(value)
            derived = Window.of_value(value).value(place, value["revision"])
            derived["partition"] = message.partition()
            if message.key() != place.record_key or not _agree(value, derived):
                return f"a record contradicts itself: {message.key()!r} with {value} instead of {derived}"
            told.append(value)
        found = {window_key_of(window): {**window, "revision": 0} for window in newest_windows(told)}
        expected = {window_key_of(window): window for window in self.windows}
        wrong = [place for place in {**expected, **found} if found.get(place) != expected.get(place)]
        if not wrong:
            return None
        detail = f"{found.get(wrong[0])} instead of {expected.get(wrong[0])}"
        return f"{len(wrong)} of {len(expected)} windows are wrong, {wrong[0]}: {detail}"


def _agree(told: Mapping[str, Any], derived: Mapping[str, Any]) -> bool:
    """Tell whether two records are the same, but for the last digits of numbers that went through a logarithm."""
    return told.keys() == derived.keys() and all(
        math.isclose(value, told[name], rel_tol=1e-12)
        if isinstance(value, float) and isinstance(told[name], float)
        else value == told[name]
        for name, value in derived.items()
    )


def expected_stats(records: Sequence[SourceRecord], times: int = 1) -> dict[str, Stats]:
    """Recompute the statistics of every task and its copies without Kafka and without any engine."""
    found = recompute((record.event for record in records), (record.headers for record in records))
    ids = {id_of_copy(task_id, number): stats for task_id, stats in found.items() for number in range(times)}
    return {task_id: {**stats, "task_id": task_id} for task_id, stats in ids.items()}


def expected_windows(records: Sequence[SourceRecord], times: int = 1) -> list[Stats]:
    """Add up what every task, its steps and their copies count for, likewise; revisions are 0."""
    states: dict[str, TaskState] = {}
    for record in records:
        task_id = str(record.event["task_id"])
        states[task_id] = fold(states.get(task_id), record.event)
    minutes = WindowDeltas()
    for state in states.values():
        minutes.add_task(state)
    return merge([total.window.value(place, 0) for place, total in minutes.windows()] * times)


@contextmanager
def stats_race(tasks: int, console: Console) -> Iterator[StatsRace]:
    """Yield a race over so many tasks, on a Kafka that lasts as long."""
    records = list(workload(tasks // COPIES))
    with filled_arena(copies(records, COPIES), console) as arena:
        race = StatsRace(arena, expected_stats(records, COPIES), expected_windows(records, COPIES))
        records.clear()
        yield race


def main() -> None:
    """Run the race and print what came out."""
    options = read_options(__doc__, rounds=3, tasks=70_000)
    console = Console(stderr=options.as_json)
    with stats_race(options.tasks, console) as race:
        names = [*ENGINES, *(name + ON_ONE_CORE for name in WINDOWING)]
        rates = in_turns({name: partial(race.run, name) for name in names}, options.rounds, console, once=["quix"])
    peer = "kstreams" + ON_ONE_CORE
    Report(
        benchmark="stats",
        title=f"Statistics: {race.arena.records:,} records, every run verified",
        rates=rates,
        ratios={
            **{f"ratio_{name}": ratio(rates, "ours", name) for name in ENGINES if name != "ours"},
            f"ratio_{peer}": ratio(rates, "ours" + ON_ONE_CORE, peer),
        },
        more={"records": race.arena.records, "tasks": len(race.expected), "windows": len(race.windows)},
    ).tell(console, as_json=options.as_json)


if __name__ == "__main__":
    main()
