"""A model of a group: lag over time from partitions, workers and measured costs: `python -m benchmarks.capacity`.

The costs are those that `python -m benchmarks.report` measured (docs/plots/stats.json). The model knows queues and
pauses, and no network and no broker: it shows which number of workers and partitions can be enough, not which is.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path

from matplotlib.axes import Axes

from benchmarks.plots import INK, OURS, PEER, SECOND, plot

PLOTS = Path(__file__).parents[1] / "docs" / "plots"
_STEP_S = 0.05
#: Share of a worker's time that is planned with: the rest is for bursts, restarts and what is caught up afterwards.
PLANNED_USE = 0.5
#: Each worker gets several partitions, so that the load of a worker that is gone spreads over more than one other.
PARTITIONS_PER_WORKER = 2

Rate = Callable[[float], float]
"""Events per second at a time, in seconds."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What a worker does on one core: events and restored changelog records per second, memory per open task."""

    events_per_s: float
    restored_per_s: float
    bytes_per_open_task: float

    @classmethod
    def measured(cls) -> Costs:
        """Return the costs of the statistics with states on disk, as the benchmarks wrote them."""
        figures = json.loads((PLOTS / "stats.json").read_text(encoding="utf-8"))
        recovery, memory = figures["recovery"]["rocksdb"], figures["memory"]["rocksdb"]
        return cls(figures["stats"]["medians"]["ours"], recovery["records_per_s"], memory["bytes_per_open_task"])


@dataclass(frozen=True, slots=True)
class Pause:
    """Time without work, in seconds: of one worker, or of all of them."""

    start: float
    end: float
    worker: int | None = None


def lags(
    arrivals: Rate, costs: Costs, partitions: int, workers: int, seconds: float, pauses: Sequence[Pause] = ()
) -> list[float]:
    """Return how many records wait at each step of the model; partitions are dealt out in turns.

    >>> slow = Costs(events_per_s=100, restored_per_s=1, bytes_per_open_task=0)
    >>> round(lags(lambda _: 150, slow, partitions=1, workers=2, seconds=10)[-1])
    500
    """
    waiting = [0.0] * partitions
    history = []
    for step in range(round(seconds / _STEP_S)):
        now = step * _STEP_S
        paused = {pause.worker for pause in pauses if pause.start <= now < pause.end}
        for partition in range(partitions):
            waiting[partition] += arrivals(now) * _STEP_S / partitions
        for worker in range(workers):
            if worker not in paused and None not in paused:
                _work(waiting, range(worker, partitions, workers), costs.events_per_s * _STEP_S)
        history.append(sum(waiting))
    return history


def rolling_restart(workers: int, restart_s: float, *, static: bool, rebalance_s: float = 3.0) -> list[Pause]:
    """Return the pauses of a rollout, one worker after the other.

    A static member keeps its partitions, which wait for it. A dynamic one leaves and joins: each is a rebalance of all.
    """
    starts = [10 + number * 2 * (restart_s + rebalance_s) for number in range(workers)]
    if static:
        return [Pause(start, start + restart_s, worker) for worker, start in enumerate(starts)]
    leaving = [Pause(start, start + rebalance_s) for start in starts]
    return leaving + [Pause(start + restart_s, start + restart_s + rebalance_s) for start in starts]


def workers_for(rate: float, costs: Costs) -> int:
    """Return how many workers a steady rate of events needs at the planned use.

    >>> workers_for(1_000_000, Costs(events_per_s=60_000, restored_per_s=1, bytes_per_open_task=0))
    34
    """
    return max(1, ceil(rate / (costs.events_per_s * PLANNED_USE)))


def seconds_to_drain(history: Sequence[float], since_s: float, limit: float) -> float | None:
    """Return how long after a time the lag fell to a limit and was above it before; None when it never did."""
    first = round(since_s / _STEP_S)
    for step, (before, after) in enumerate(pairwise(history[first:])):
        if before > limit >= after:
            return (step + 1) * _STEP_S
    return None


def _work(waiting: list[float], held: Sequence[int], able: float) -> None:
    """Take up to `able` records from the partitions that a worker holds, from each in proportion to its queue."""
    queued = sum(waiting[partition] for partition in held)
    if queued:
        left = max(0.0, 1 - able / queued)
        for partition in held:
            waiting[partition] *= left


def draw(costs: Costs, folder: Path) -> None:
    """Write the plots: a rollout, a burst, and the plan up to a million events per second."""
    seconds, rate = 80.0, costs.events_per_s
    times = [step * _STEP_S for step in range(round(seconds / _STEP_S))]
    caption = "a model with the costs of docs/plots/stats.json; a restart takes 6 s, a rebalance 3 s"
    with plot(
        folder, "capacity-rollout", "Lag while three workers at a third of their power restart in turn", caption
    ) as axes:
        for static, color, name in ((True, OURS, "static members"), (False, SECOND, "dynamic members")):
            pauses = rolling_restart(3, 6.0, static=static)
            axes.plot(times, lags(lambda _: rate, costs, 6, 3, seconds, pauses), color=color, label=name)
        _finish(axes, "seconds", "records that wait")
    with plot(folder, "capacity-burst", "Lag after ten seconds of four times the rate of a worker", caption) as axes:
        for workers, color in ((1, PEER), (2, SECOND), (3, OURS), (6, INK)):
            burst = lags(lambda now: rate * (4.0 if 5 <= now < 15 else 0.4), costs, 6, workers, seconds)
            axes.plot(times, burst, color=color, label=f"{workers} worker{'s' * (workers > 1)}")
        _finish(axes, "seconds", "records that wait")
    with plot(folder, "capacity-plan", "Workers of a group by load, at half of their time", caption) as axes:
        rates = [n * 10_000 for n in range(1, 101)]
        axes.step(rates, [workers_for(r, costs) for r in rates], color=OURS, label="workers")
        axes.step(rates, [PARTITIONS_PER_WORKER * workers_for(r, costs) for r in rates], color=PEER, label="partitions")
        _finish(axes, "events per second", "number")


def _finish(axes: Axes, horizontal: str, vertical: str) -> None:
    axes.set_xlabel(horizontal)
    axes.set_ylabel(vertical)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def main() -> None:
    """Print the plan as a table, and draw."""
    costs = Costs.measured()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events-per-s", type=float, default=costs.events_per_s, help="of one worker")
    parser.add_argument("--open-tasks", type=int, default=1_000_000, help="at a time")
    parser.add_argument("--bytes-per-event", type=float, default=400.0, help="on the topic")
    parser.add_argument("--plots", type=Path, help="a folder")
    options = parser.parse_args()
    costs = Costs(options.events_per_s, costs.restored_per_s, costs.bytes_per_open_task)
    print("events/s | workers | partitions | MB/s in | MB/s out, two groups | MB of open tasks, each worker")
    for rate in (1_000, 10_000, 50_000, 100_000, 300_000, 1_000_000):
        workers = workers_for(rate, costs)
        traffic = rate * options.bytes_per_event / 1e6
        memory = options.open_tasks * costs.bytes_per_open_task / workers / 1e6
        print(
            f"{rate:,} | {workers} | {workers * PARTITIONS_PER_WORKER} | {traffic:.1f} | {2 * traffic:.1f}"
            f" | {memory:.0f}"
        )
    if options.plots:
        draw(costs, options.plots)


if __name__ == "__main__":
    main()
