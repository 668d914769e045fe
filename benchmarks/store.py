"""Rows a second into the store on PostgreSQL, beside a plain COPY into a single table with the same three indexes.

`store` writes failed attempts as a worker does: binary COPY into partitions of days, counts of groups and positions in
the same transaction. `copy` is COPY alone, and notices no row that comes twice.
`again` is the store with batches that it has already. All take turns on a private PostgreSQL, after a batch each
that is not measured: with its first one a worker connects and makes the partitions of the day. At last a whole day is
dropped.

    python -m benchmarks.store [--rounds N] [--tasks ROWS] [--json]
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import psycopg
from rich.console import Console

from benchmarks.rounds import in_turns, line_of_json, ratio, read_options, show
from tasker_consumers.store import tables
from tasker_consumers.store.core.batch import Batch
from tasker_consumers.store.core.event_rows import Origin, add_event
from tasker_consumers.store.database import open_database
from tasker_consumers.store.migrations.migrate import migrate
from tasker_consumers.store.writing.partitions import drop_before, today
from tasker_consumers.store.writing.postgresql import PostgresWriter
from tasker_consumers.units import DAY_US
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.identity import event_id_of
from tasker_schemas.names import Family
from tests.support.store.postgres import open_cluster

BATCH = 5000
TOPIC = "tasker.events.step"
_numbers = count()


def main() -> None:
    """Run the engines in turns, and print the ratios."""
    options = read_options(__doc__, rounds=5, tasks=30_000)
    console = Console(stderr=options.as_json)
    with open_cluster() as cluster:
        url = cluster.make_database("bench")
        engine = open_database(url)
        migrate(engine)
        writer, other_writer = PostgresWriter(engine), PostgresWriter(engine)
        turns = {number: list(batches(options.tasks)) for number in range(options.rounds)}
        with psycopg.connect(url) as peer:
            make_peer(peer)
            for first in batches(BATCH):
                write_all(writer, [first])
                copy_all(peer, [first])

            def store(number: int) -> float:
                return rate(options.tasks, lambda: write_all(writer, turns[number]))

            def again(number: int) -> float:
                written = turns[max(0, number - 1)]
                write_all(other_writer, written)
                return rate(options.tasks, lambda: write_all(other_writer, written))

            def copy(number: int) -> float:
                return rate(options.tasks, lambda: copy_all(peer, turns[number]))

            rates = in_turns({"store": store, "copy": copy, "again": again}, options.rounds, console)
        dropped_s = drop_day(url)
        writer.close()
        other_writer.close()
        engine.dispose()
    ratios = {"store_to_copy": ratio(rates, "store", "copy"), "again_to_store": ratio(rates, "again", "store")}
    show("Failed attempts into PostgreSQL", "rows/s", rates, "store", console)
    console.print(f"a day of {options.rounds * options.tasks:,} rows is dropped in {dropped_s:.3f} s")
    if options.as_json:
        print(line_of_json("store", "rows/s", rates, ratios, drop_day_s=round(dropped_s, 4)))


def batches(rows: int) -> Iterator[Batch]:
    """Yield batches of failed attempts of about 600 bytes, all of the present day."""
    decoder, noon = Decoder(), time.time_ns() // 1000 // DAY_US * DAY_US + DAY_US // 2
    for start in range(0, rows, BATCH):
        batch = Batch()
        for offset in range(start, min(start + BATCH, rows)):
            number = next(_numbers)
            event = {
                "event_id": event_id_of(f"failure {number}", noon + number), "event_name": "step.failed",
                "timestamp": noon + number, "task_id": f"order-{number}", "task_name": "order_processing",
                "step_id": "charge", "step_name": "charge_card", "attempt_number": 1, "retry_limit": 3,
                "error_class": f"shop.Declined{number % 50}", "error_message": f"card of order {number} declined",
                "backtrace": [f"/srv/shop/module_{frame}.py:{frame} in function_{frame}" for frame in range(10)],
                "service": "shop", "service_version": "1.4.2", "producer": "host:1", "started_at": noon,
            }  # fmt: skip
            found = decoder.decode("StepEvent", encode("StepEvent", event))
            add_event(batch, found, Origin(Family.STEP, (), b"key", (TOPIC, 0, offset)))
            batch.advance(TOPIC, 0, number)
        batch.step_attempts.clear()  # the peer has a single table
        yield batch


def make_peer(connection: psycopg.Connection[Any]) -> None:
    """Make the peer's table, with the indexes that the store's table has."""
    connection.execute("CREATE TABLE peer (LIKE failed_attempts)")
    connection.execute("ALTER TABLE peer ADD PRIMARY KEY (event_id)")
    connection.execute("CREATE INDEX ON peer (task_id, event_id)")
    connection.execute("CREATE INDEX ON peer (fingerprint, event_id, task_id)")
    connection.commit()


def copy_all(connection: psycopg.Connection[Any], written: list[Batch]) -> None:
    """COPY the failed attempts of batches into the peer's table, each in a transaction."""
    for batch in written:
        with connection.cursor() as cursor, cursor.copy("COPY peer FROM STDIN") as copy:
            for row in batch.failed_attempts.values():
                copy.write_row(row)
        connection.commit()


def write_all(writer: PostgresWriter, written: list[Batch]) -> None:
    """Write batches as a worker does."""
    for batch in written:
        writer.write(batch, {TOPIC: "id"})


def rate(rows: int, work: Any) -> float:
    """Return the rows a second of a turn."""
    began = time.perf_counter()
    work()
    return rows / (time.perf_counter() - began)


def drop_day(url: str) -> float:
    """Drop the present day of all event tables, and return the seconds that it took."""
    with psycopg.connect(url, autocommit=True) as connection:
        began = time.perf_counter()
        for table in tables.EVENT_TABLES:
            drop_before(connection, table.name, today() + 1)
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
