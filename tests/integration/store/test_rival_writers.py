"""Writers of the same events at the same time, such as a worker that was cut off and its successor, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from random import Random
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine

from tasker_consumers.store import tables
from tasker_consumers.store.database import open_database
from tasker_consumers.store.maintenance import empty, miscounted
from tasker_consumers.store.migrations.migrate import migrate
from tasker_consumers.store.writing.copying import FactCopier
from tasker_consumers.store.writing.open_writer import open_writer
from tasker_consumers.store.writing.postgresql import PostgresWriter
from tasker_schemas.errors import BackendUnavailable
from tests.support.processes import eventually
from tests.support.scale import SCALE
from tests.support.store.postgres import PostgresCluster
from tests.support.store.rows import IDS, NOW, Add, batch_of, failed_step

FAILURES = (tables.failed_attempts, tables.error_counts, tables.error_days)


@pytest.fixture
def engine(postgres: PostgresCluster) -> Iterator[Engine]:
    opened = open_database(postgres.make_database(f"t{uuid4().hex}"))
    migrate(opened)
    yield opened
    opened.dispose()


def count_of(engine: Engine, rows: str) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {rows}").scalar_one())


def test_no_part_of_a_batch_is_seen_before_the_whole(engine: Engine) -> None:
    writer, batch = open_writer(engine), batch_of(failed_step("t1"))
    writer.write(batch, IDS)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE attempt AS SELECT * FROM step_attempts")
    empty(engine)
    with engine.connect() as rival, ThreadPoolExecutor() as pool:
        rival.exec_driver_sql("INSERT INTO step_attempts SELECT * FROM attempt")
        writing = pool.submit(writer.write, batch, IDS)
        assert eventually(lambda: count_of(engine, "pg_locks WHERE NOT granted") > 0)
        parts = [count_of(engine, table.name) for table in FAILURES]
        rival.rollback()
    assert (parts, writing.result() > 0) == ([0, 0, 0], True)
    assert [count_of(engine, table.name) for table in FAILURES] == [1, 1, 1]
    writer.close()


def test_events_that_rivals_write_are_counted_once(engine: Engine) -> None:
    with ThreadPoolExecutor() as pool:
        for number in range(10 * SCALE):
            failures = [failed_step(f"{number}-{task}") for task in range(60)]
            rivals = [pool.submit(write_in_parts, engine, failures, Random(f"{number} {seed}")) for seed in range(4)]
            assert [rival.result() for rival in rivals] == [None] * 4
            assert miscounted(engine, NOW) == []
    assert count_of(engine, "failed_attempts") == 600 * SCALE


@pytest.mark.parametrize(("rivalries", "is_written"), [(2, True), (3, False)])
def test_a_redelivery_takes_no_trial_from_those_for_rivals(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, rivalries: int, is_written: bool
) -> None:
    writer = PostgresWriter(engine)
    writer.write(batch_of(failed_step("t1")), IDS)
    copy, left = FactCopier.copy, [rivalries]

    def contested(self: FactCopier, *arguments: Any) -> Any:
        if self.is_replay and left[0]:
            left[0] -= 1
            raise psycopg.errors.UniqueViolation
        return copy(self, *arguments)

    monkeypatch.setattr(FactCopier, "copy", contested)
    with nullcontext() if is_written else pytest.raises(BackendUnavailable, match="another worker"):
        assert writer.write(batch_of(failed_step("t1"), failed_step("t2")), IDS) == 2
    assert count_of(engine, "failed_attempts") == 1 + is_written
    writer.close()


def write_in_parts(engine: Engine, additions: list[Add], random: Random) -> None:
    """Write additions in their order, in batches of any size, each until the database has it."""
    writer = open_writer(engine)
    while additions:
        size, is_written = random.randint(1, 25), False
        while not is_written:
            with suppress(BackendUnavailable):
                writer.write(batch_of(*additions[:size]), IDS)
                is_written = True
        additions = additions[size:]
    writer.close()
