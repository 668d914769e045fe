"""A worker behind a network that is cut for seconds or minutes, in a backlog and live: what becomes of the statistics.

    python -m tests.reliability.cut_rounds [--seconds 20 60 150] [--rounds 3] [--tasks 2000] [--steps 60] [--json]

In each round another worker takes over, and the first worker comes back when the cut ends. Then every task is compared
with an offline recomputation: on the topic, in the states of both workers, in those of the worker that was cut, and of
a worker with an empty disk. The exit code is 1 when anything is wrong.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient

from tasker_consumers.kafka.groups import end_offsets
from tasker_consumers.stats.core.fold import recompute
from tasker_schemas.topics import stats_topic
from tests.support.kafka.network_proxy import NetworkProxy, ProxiedKafka
from tests.support.processes import eventually
from tests.support.stats.arena import PARTITIONS, StatsArena
from tests.support.stats.histories import Event, long_tasks
from tests.support.stats.storm import Herd

MODES = ("backlog", "live")
CUT, HEIR, FRESH = range(3)
#: The share of the events that is worked through when the network is cut.
_CUT_AT = 0.15
_LIMIT_S = 900.0
#: Seconds of live traffic before and after a cut, together.
_AROUND_S = 40.0

Expected = dict[str, dict[str, Any]]


def main() -> int:
    """Run all rounds, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, nargs="+", default=[20.0, 60.0, 150.0])
    parser.add_argument("--modes", choices=MODES, nargs="+", default=list(MODES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    events = long_tasks(options.tasks, options.steps)
    expected, results = recompute(events), list[dict[str, Any]]()
    with tempfile.TemporaryDirectory() as folder, ProxiedKafka(data_dir=Path(folder) / "kafka") as broker:
        for mode in options.modes:
            for seconds in options.seconds:
                for number in range(options.rounds):
                    directory = Path(folder) / f"{mode}-{seconds:g}-{number}"
                    directory.mkdir()
                    with broker.proxy() as proxy:
                        arena = StatsArena(broker.bootstrap_servers, directory.name, directory)
                        result = run_round(arena, proxy, events, expected, mode, seconds)
                    results.append(result)
                    print(json.dumps(result) if options.json else _line(result), flush=True)  # noqa: T201
    return int(any(result["wrong"] for result in results))


def run_round(
    arena: StatsArena, proxy: NetworkProxy, events: Sequence[Event], expected: Expected, mode: str, seconds: float
) -> dict[str, Any]:
    """Cut the network of a worker for so many seconds, and return what is wrong afterwards, by where it was found."""
    begun = time.monotonic()
    with Herd(arena, 0, {CUT: proxy.address}, batch_size=4000) as herd, _sending(arena, events, mode, seconds):
        herd.start(CUT)
        assert eventually(lambda: herd.supervised_committed() > _CUT_AT * len(events), _LIMIT_S), "it does not work"
        cut_at = herd.committed()
        proxy.cut()
        herd.start(HEIR)
        herd.supervise(for_s=seconds)
        proxy.mend()
        assert eventually(lambda: herd.supervised_committed() == len(events), _LIMIT_S), "it was not worked through"
        _share_partitions(herd, CUT, HEIR)
        wrong = {"topic": _wrong(arena, expected), "both workers": _told_anew(herd, events, expected)}
        herd.leave(HEIR)
        _share_partitions(herd, CUT)
        wrong["the cut worker"] = _told_anew(herd, events, expected)
        herd.leave(CUT)
        herd.start(FRESH)
        _share_partitions(herd, FRESH)
        wrong["an empty disk"] = _told_anew(herd, events, expected)
    return {
        "mode": mode,
        "cut_s": seconds,
        "tasks": len(expected),
        "facts": len(events),
        "committed_before_the_cut": cut_at,
        "restarts": herd.restarts,
        "wrong": {where: found for where, found in wrong.items() if found["tasks"]},
        "seconds": round(time.monotonic() - begun),
    }


@contextmanager
def _sending(arena: StatsArena, events: Sequence[Event], mode: str, seconds: float) -> Iterator[None]:
    """Send all events at once, or steadily while the block lasts."""
    if mode == "backlog":
        arena.produce(events)
        yield
        return
    waiting, parts = iter(events), int(seconds + _AROUND_S)

    def send() -> None:
        while part := list(islice(waiting, len(events) // parts + 1)):
            arena.produce(part)
            time.sleep(1)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        sender.join()


def _share_partitions(herd: Herd, *places: int) -> None:
    """Wait until these workers have all partitions between them, with their states."""

    def held() -> int:
        herd.supervise()
        texts = [herd.workers[place].log.read_text().rpartition("Ready with partitions ") for place in places]
        return sum(len(text[2].splitlines()[0].split(", ")) for text in texts if text[1])

    assert eventually(lambda: held() == PARTITIONS, _LIMIT_S), "the partitions are not shared"


def _wrong(arena: StatsArena, expected: Expected) -> dict[str, int]:
    """Return how many tasks differ from the recomputation, and how many completed steps they lack."""
    shown = arena.stats()
    differing = [task_id for task_id, stats in expected.items() if shown.get(task_id) != stats]
    lost = sum(expected[id_]["completed_steps"] - shown.get(id_, {}).get("completed_steps", 0) for id_ in differing)
    return {"tasks": len(differing), "facts gone": lost}


def _told_anew(herd: Herd, events: Sequence[Event], expected: Expected) -> dict[str, int]:
    """Have every state read and told by sending the first event of each task again; return what is wrong."""
    arena, before = herd.arena, _emitted(herd.arena)
    arena.produce(events[: len(expected)])
    assert eventually(lambda: _emitted(arena) >= before + len(expected), _LIMIT_S), "not every task was told again"
    return _wrong(arena, expected)


def _emitted(arena: StatsArena) -> int:
    partitions = [(stats_topic(arena.prefix), number) for number in range(PARTITIONS)]
    return sum(end_offsets(AdminClient(arena.kafka), partitions).values())


def _line(result: dict[str, Any]) -> str:
    faults = "; ".join(f"{where}: {found}" for where, found in result["wrong"].items()) or "0 wrong, 0 gone"
    return (
        f"{result['mode']:7} cut of {result['cut_s']:3.0f} s at {result['committed_before_the_cut']:,} of "
        f"{result['facts']:,} events, {result['restarts']} restarts: {faults} ({result['seconds']} s)"
    )


if __name__ == "__main__":
    sys.exit(main())
