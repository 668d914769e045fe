"""Pages of the web view over a store of ten million tasks and ten million failures, on a private PostgreSQL.

The rows of 30 days are made in the database. Then the web view, whose memory is empty, is asked for pages of the list
at random places, for tasks, and for errors by group: each as a whole request, from its address to its HTML. Plans of
the queries are checked for reads of whole tables, and at last days are dropped while somebody reads. It takes 10 GB of
disk, and gives them back.

    python -m benchmarks.store_scale [--tasks N] [--failures N] [--requests N] [--json]

Exit code 1 means that a bound is not held.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import psycopg
from rich.console import Console
from starlette.testclient import TestClient

from benchmarks.outcome import tell_outcome
from benchmarks.store_rows import DAYS, GROUPS, fill, group_of, name_of, task_id_of
from tasker_consumers.errors.groups import TrendParts
from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.store import tables
from tasker_consumers.store.database import open_database
from tasker_consumers.store.migrations.migrate import migrate
from tasker_consumers.store.reading.errors import MAX_COUNTED, affected_query, sums_query, trends_query
from tasker_consumers.store.reading.reader import StoreReader
from tasker_consumers.store.reading.tasks import After, TaskFilter, tasks_query
from tasker_consumers.store.writing.partitions import drop_before, today
from tasker_consumers.units import DAY_US
from tasker_consumers.web.app import make_app
from tasker_consumers.web.sources.stored import Stored
from tests.support.runs import stored
from tests.support.store.postgres import open_cluster
from tests.support.telemetry.histories import order
from tests.support.web import HistoryRuns, HistoryStats, site_over

#: The longest that the 95th percentile of a page may take, and the drop of a day; seconds.
BOUNDS_S = {
    "list": 0.2, "task": 0.2, "waterfall": 0.2, "errors": 0.3, "errors of a name": 0.3, "a group": 0.3,
    "drop of a day": 0.1,
}  # fmt: skip
#: Days that are dropped, one after the other.
DROPPED = 9
#: A read of a whole table that is not empty, such as the partition of a day to come.
_WHOLE_TABLE = re.compile(r"Seq Scan on (task_stats|failed_attempts|step_attempts)(?!.*cost=0\.00\.\.0\.00 )")


def main() -> int:
    """Make the rows, ask for the pages, print the figures, and return whether a bound is not held."""
    options = read_options()
    console = Console(stderr=options.json)
    with open_cluster() as cluster:
        url = cluster.make_database("scale")
        engine = open_database(url)
        migrate(engine)
        engine.dispose()
        began = time.monotonic()
        with psycopg.connect(url, autocommit=True) as connection:
            fill(connection, options.tasks, options.failures)
        lasted_s = time.monotonic() - began
        console.print(f"{options.tasks:,} tasks, {options.failures:,} failures: made in {lasted_s:.0f} s")
        times = measured_pages(url, options, console)
        scans = whole_reads(url)
        drops = [dropped(url, day) for day in range(DROPPED)]
        times |= {"drop of a day": [drop.lasted_s for drop in drops], "read beside it": [drop.read_s for drop in drops]}
    figures = {name: percentile(values, 0.95) for name, values in times.items()}
    for name, seconds in figures.items():
        console.print(f"{name:17} p95 {1000 * seconds:8.1f} ms   p50 {1000 * percentile(times[name], 0.5):8.1f} ms")
    slow = [(name, bound) for name, bound in BOUNDS_S.items() if figures[name] > bound]
    wrong = [f"{name}: {figures[name]:.3f} s, at most {bound}" for name, bound in slow] + scans
    return tell_outcome("store_scale", wrong, console, as_json=options.json, p95_s=figures)


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=10_000_000, help="tasks in the store (default: %(default)s)")
    parser.add_argument("--failures", type=int, default=10_000_000, help="failed attempts (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=100, help="requests for each page (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON with every figure")
    return parser.parse_args()


def measured_pages(url: str, options: argparse.Namespace, console: Console) -> dict[str, list[float]]:
    """Return the seconds of each request by page."""
    database, dice = Stored(ConsumerSettings.from_env({"TASKER_STORE_URL": url})), random.Random(7)
    span, ranges = DAYS * DAY_US, ("24h", "7d", "30d")
    first = (today() - DAYS + 1) * DAY_US

    conditions = ["", "status=error", f"name={name_of(7)}", f"status=error&name={name_of(4)}"]

    def a_task() -> str:
        return task_id_of(dice.randrange(options.tasks // 10) * 10)

    pages: dict[str, Callable[[], str]] = {
        "list": lambda: f"/?{dice.choice(conditions)}&before={first + dice.randrange(1, span)}.x",
        "task": lambda: f"/task?id={a_task()}",
        "waterfall": lambda: f"/task-waterfall.json?id={a_task()}",
        "errors": lambda: f"/errors?since={dice.choice(ranges)}",
        "errors of a name": lambda: f"/errors?since={dice.choice(ranges)}&name={name_of(dice.randrange(20))}",
        "a group": lambda: f"/error?since={dice.choice(ranges)}&id={group_of(dice.randrange(GROUPS))}",
        "search": lambda: f"/find?q={a_task()}",
    }
    times: dict[str, list[float]] = {}
    try:
        with site_over(HistoryStats([]), HistoryRuns(stored(order("other"))), database=database) as site:
            client = TestClient(make_app(site), base_url="http://127.0.0.1", follow_redirects=False)
            for name, page in pages.items():
                client.get(page())
                times[name] = [seconds_of(client, page()) for _ in range(options.requests)]
                console.print(f"{name}: {len(times[name])} requests")
    finally:
        database.close()
    return times


def seconds_of(client: TestClient, address: str) -> float:
    """Return how long a page takes; an answer that is none is an error."""
    began = time.perf_counter()
    answer = client.get(address)
    seconds = time.perf_counter() - began
    assert answer.status_code in (200, 303), (address, answer.text)
    return seconds


def whole_reads(url: str) -> list[str]:
    """Return a sentence for each query whose plan reads a whole table."""
    reader, now = StoreReader.open(url), time.time_ns() // 1000
    one_name, groups = name_of(4), [group_of(number) for number in range(GROUPS)]
    chosen = [TaskFilter(status=status, name=name) for status in (None, "error") for name in (None, one_name)]
    queries: Sequence[Any] = [
        *(tasks_query(condition, After(now - DAY_US, "x")) for condition in chosen),
        *(sums_query(now - days * DAY_US) for days in (1, 30)),
        *(sums_query(now - days * DAY_US, None, groups[:1]) for days in (1, 30)),
        affected_query(groups[:1], now - 30 * DAY_US, MAX_COUNTED),
        *(trends_query(groups, since, TrendParts.of(since, now, 31)) for since in (now - DAY_US, now - 7 * DAY_US)),
    ]
    try:
        plans = [reader.plan(query) for query in queries]
    finally:
        reader.close()
    return [f"a whole table is read: {found[0]}" for plan in plans if (found := _WHOLE_TABLE.search(plan))]


class Drop(NamedTuple):
    """The seconds of a drop, and of the longest read of the table beside it."""

    lasted_s: float
    read_s: float


def dropped(url: str, day: int) -> Drop:
    """Drop a day of all event tables, by its number from the first on, while somebody reads the largest of them."""
    reads, is_over = [0.0], threading.Event()

    def read() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not is_over.is_set():
                began = time.perf_counter()
                connection.execute("SELECT 1 FROM failed_attempts LIMIT 1").fetchone()
                reads.append(time.perf_counter() - began)

    reader = threading.Thread(target=read)
    with psycopg.connect(url, autocommit=True) as connection:
        reader.start()
        while len(reads) == 1:
            time.sleep(0.001)
        began = time.perf_counter()
        for table in tables.EVENT_TABLES:
            drop_before(connection, table.name, today() - DAYS + 2 + day)
        lasted_s = time.perf_counter() - began
    is_over.set()
    reader.join()
    return Drop(lasted_s, max(reads[2:], default=0.0))


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which a part of the values lies."""
    return sorted(values)[int(part * (len(values) - 1))]


if __name__ == "__main__":
    sys.exit(main())
