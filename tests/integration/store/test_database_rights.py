"""A user of PostgreSQL who only looks, with the rights that the documentation gives."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.exc import ProgrammingError

from tasker_consumers.store.database import open_database
from tasker_consumers.store.maintenance import make_days_ahead
from tasker_consumers.store.migrations.migrate import check_schema, migrate
from tasker_consumers.store.reading import attempts
from tasker_consumers.store.reading.reader import StoreReader
from tasker_consumers.store.writing.open_writer import open_writer
from tests.support.store.postgres import PostgresCluster
from tests.support.store.rows import IDS, run_of

STORE_PAGE = Path(__file__).parents[3] / "docs" / "store.md"


def documented_sql() -> list[str]:
    """The statements that make the user."""
    block = STORE_PAGE.read_text(encoding="utf-8").partition("```sql\n")[2].partition("```")[0]
    return [line.partition(";")[0] for line in block.splitlines()]


def test_who_only_looks_sees_all_rows_and_writes_none(postgres: PostgresCluster) -> None:
    url = postgres.make_database(f"t{uuid4().hex}")
    owner, visitor = open_database(url), open_database(url.replace("tasker@", "tasker_reader@"))
    migrate(owner)
    with owner.begin() as connection:
        for statement in documented_sql():
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("CREATE TABLE of_a_later_version (id int)")
    writer = open_writer(owner)
    assert writer.write(run_of("order-1"), IDS) > 0
    make_days_ahead(owner)
    check_schema(visitor)
    assert len(attempts.task_attempts(StoreReader(visitor), "order-1")) == 3
    with visitor.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM of_a_later_version").scalar_one() == 0
    for statement in ("DELETE FROM task_stats", "CREATE TABLE own (id int)"):
        with pytest.raises(ProgrammingError, match="permission denied"), visitor.begin() as connection:
            connection.exec_driver_sql(statement)
    writer.close()
    visitor.dispose()
    with owner.begin() as connection:
        connection.exec_driver_sql("DROP OWNED BY tasker_reader")
        connection.exec_driver_sql("DROP ROLE tasker_reader")
    owner.dispose()
