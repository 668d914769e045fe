"""Retention beside people who read, in PostgreSQL: a drop that has to wait lets all others pass."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg

from tasker_consumers.store.database import open_database
from tasker_consumers.store.migrations.migrate import migrate
from tasker_consumers.store.writing.open_writer import open_writer
from tasker_consumers.store.writing.partitions import drop_before, partitions_of
from tasker_consumers.units import DAY_US
from tests.support.processes import LIMIT_S, eventually
from tests.support.store.postgres import PostgresCluster
from tests.support.store.rows import IDS, NOW, batch_of, failed_step

#: The day of all rows, which may be over when the test runs.
_DAY = NOW // DAY_US
_READ = "SELECT count(*) FROM failed_attempts"
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%DROP TABLE%'"


def test_a_drop_behind_a_long_question_holds_nobody_up(postgres: PostgresCluster) -> None:
    url = postgres.make_database(f"t{uuid4().hex}")
    engine = open_database(url)
    migrate(engine)
    writer = open_writer(engine)
    writer.write(batch_of(failed_step("t1")), IDS)

    def drop() -> int:
        with psycopg.connect(url, autocommit=True) as connection:
            return drop_before(connection, "failed_attempts", _DAY + 1)

    with psycopg.connect(url) as long, psycopg.connect(url, autocommit=True) as other, ThreadPoolExecutor(1) as pool:
        assert long.execute(_READ).fetchone() == (1,)  # its transaction goes on, and with it the lock of a reader
        dropping = pool.submit(drop)
        assert eventually(lambda: other.execute(_WAITING).fetchone() == (1,))
        assert other.execute(_READ).fetchone() == (1,)
        assert writer.write(batch_of(failed_step("t2")), IDS) > 0
        assert not dropping.done()
        long.rollback()
        assert dropping.result(LIMIT_S) == 1
        assert other.execute(_READ).fetchone() == (0,)
        assert _DAY not in partitions_of(other, "failed_attempts")
    writer.close()
    engine.dispose()
