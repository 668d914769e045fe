"""The web view under load: many viewers of the live list, and a page of a run with many steps.

`tasker web` runs as a process on a Kafka. First its memory is full of tasks. Then tasks change at 1,000 events a second
while 200 viewers follow the list and 10 more never read what they are sent: measured are the updates of each viewer, by
how much the newest row lags behind its task, and the resident memory before, meanwhile and afterwards. At last Chromium
opens the page of a run with 20,000 steps and scrolls through it.

    python -m benchmarks.web [--viewers 200] [--rate 1000] [--seconds 60] [--steps 20000] [--json]

Exit code 1 means that a bound is not held.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.outcome import tell_outcome
from benchmarks.web_changes import Changes, fill
from benchmarks.web_run import measured_page, publish_run
from benchmarks.web_viewers import Viewers, open_viewers
from tasker_consumers.embedded import find_kafka
from tasker_consumers.kafka.topics import create_topics
from tests.support.processes import eventually
from tests.support.web_process import WebProcess, web_process

#: Tasks that the web view holds at most, viewers that never read, seconds in which memory settles, and for its start.
CAPACITY, STALLED, SETTLING_S, START_S = 50_000, 10, 10, 600.0
#: Bounds: memory that viewers add, the lag of a list, seconds until a page is interactive, its rows, frames a second.
MOST_GROWTH_MB, MOST_LAG_S, MOST_INTERACTIVE_S, MOST_ROWS, LEAST_FRAMES = 100.0, 5.0, 1.5, 300, 30.0


def main() -> int:
    """Measure both, print the figures, and return whether a bound is not held."""
    options = read_options()
    console = Console(stderr=options.json)
    with find_kafka(os.environ) as kafka, tempfile.TemporaryDirectory() as folder:
        connection = {"bootstrap.servers": kafka.bootstrap_servers}
        live = live_list(connection, Path(folder), options, console)
        page = large_run(connection, Path(folder), options.steps, console)
    return tell_outcome("web", beyond(live, page, options), console, as_json=options.json, live=live, page=page)


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=200, help="viewers of the live list (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=1000, help="events a second (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=60, help="how long they look (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=20_000, help="steps of the large run (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON with every figure")
    return parser.parse_args()


def variables_of(connection: dict[str, str], prefix: str, folder: Path) -> dict[str, str]:
    """Return the settings of a web view without a store."""
    state = str(folder / "state")
    servers = connection["bootstrap.servers"]
    return {"KAFKA_BOOTSTRAP_SERVERS": servers, "TASKER_TOPIC_PREFIX": prefix, "TASKER_STATE_DIR": state}


def live_list(
    connection: dict[str, str], folder: Path, options: argparse.Namespace, console: Console
) -> dict[str, Any]:
    """Return the figures of the live list."""
    prefix = f"live{time.time_ns()}"
    create_topics(connection, prefix, partitions=2)
    fill(connection, prefix, CAPACITY)
    with web_process(folder / "live.log", **variables_of(connection, prefix, folder)) as web:
        assert eventually(lambda: web.get("/readyz")[0] == 200, START_S), web.get("/readyz")[1]
        changes = Changes(connection, prefix, options.rate, CAPACITY)
        with changes.going_on():
            time.sleep(SETTLING_S)
            before, began, processor_s = resident_mb(web), time.monotonic(), processor_time_s(web)
            with open_viewers(web.address(), changes.begins, options.viewers, STALLED) as viewers:
                memory = []
                for _ in range(options.seconds):
                    time.sleep(1)
                    memory.append(resident_mb(web))
            share = (processor_time_s(web) - processor_s) / (time.monotonic() - began)
            time.sleep(SETTLING_S)
        memory_mb = {"before": before, "most": max(memory), "last": memory[-1], "after": resident_mb(web)}
        found = {"events": changes.sent, "memory_mb": memory_mb, "cores": share, **figures_of(viewers)}
        assert web.terminate() == 0
    console.print(
        f"{options.viewers} viewers for {options.seconds} s at {options.rate:,} events/s ({changes.sent:,} sent): "
        f"{found['least_updates']} to {found['most_updates']} updates each; the newest row is "
        f"{found['lag_s_median']:.1f} s old (p99 {found['lag_s_p99']:.1f} s); memory {before:.0f} MB before, "
        f"at most {max(memory):.0f}, {memory_mb['after']:.0f} afterwards; {share:.2f} cores"
    )
    return found


def figures_of(viewers: Viewers) -> dict[str, float]:
    """Return the updates of the viewers, and the lags of all together."""
    updates = [len(viewer.updates) for viewer in viewers.viewers]
    lags = sorted(lag for viewer in viewers.viewers for lag in viewer.lags_s)
    return {
        "least_updates": min(updates),
        "most_updates": max(updates),
        "lag_s_median": statistics.median(lags),
        "lag_s_p99": lags[int(0.99 * (len(lags) - 1))],
    }


def large_run(connection: dict[str, str], folder: Path, steps: int, console: Console) -> dict[str, Any]:
    """Return the figures of the page of a large run."""
    prefix = f"run{time.time_ns()}"
    create_topics(connection, prefix, partitions=2)
    publish_run(connection, prefix, steps)
    with web_process(folder / "run.log", **variables_of(connection, prefix, folder)) as web:
        assert eventually(lambda: web.shows("/", 'id="t-large"'), START_S)
        page = measured_page(f"{web.address()}/task?id=large", steps)
        page["memory_mb"] = resident_mb(web)
    console.print(
        f"a run of {steps:,} steps: interactive after {page['first_visit_s']:.2f} s at the first visit, "
        f"with all rows after {page['whole_first_visit_s']:.2f} s, "
        f"{page['next_visit_s']:.2f} s at the next; {page['rows']} rows; {page['frames_per_second']:.0f} frames/s, the "
        f"longest {page['longest_frame_ms']:.0f} ms; a key takes {page['key_ms']:.0f} ms"
    )
    return page


def beyond(live: dict[str, Any], page: dict[str, Any], options: argparse.Namespace) -> list[str]:
    """Return a sentence for each bound that is not held."""
    growth = live["memory_mb"]["most"] - live["memory_mb"]["before"]
    held = {
        f"memory grows by {growth:.0f} MB, at most {MOST_GROWTH_MB:.0f}": growth <= MOST_GROWTH_MB,
        f"a viewer got {live['least_updates']} updates": live["least_updates"] >= options.seconds // 4,
        f"lists lag by {live['lag_s_p99']:.1f} s, at most {MOST_LAG_S}": live["lag_s_p99"] <= MOST_LAG_S,
        f"interactive after {page['first_visit_s']:.2f} s": page["first_visit_s"] <= MOST_INTERACTIVE_S,
        f"{page['rows']} rows, at most {MOST_ROWS}": page["rows"] <= MOST_ROWS,
        f"{page['frames_per_second']:.0f} frames/s": page["frames_per_second"] >= LEAST_FRAMES,
    }
    return [sentence for sentence, is_held in held.items() if not is_held]


def resident_mb(web: WebProcess) -> float:
    """Return the memory that the process holds now."""
    pages = Path(f"/proc/{web.process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor_time_s(web: WebProcess) -> float:
    """Return the processor time that the process has taken."""
    fields = Path(f"/proc/{web.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
