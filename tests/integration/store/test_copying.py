"""Rows on their way into PostgreSQL: few and many arrive as they are."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tasker_consumers.store import tables
from tasker_consumers.store.core.batch import Row
from tasker_consumers.store.database import open_database
from tasker_consumers.store.migrations.migrate import migrate
from tasker_consumers.store.writing.copying import StagedRows
from tests.support.store.postgres import PostgresCluster

_NAMES = ("'; DROP TABLE task_stats; --", '{"a": [1]}', "\\u0000 \\x00 \t\n\r\x7f", "größe ✔ 𝄞", "%s", "null")
_NUMBERS = (None, 0.1, -0.0, 5e-324, nan, inf, -inf)


@dataclass(frozen=True)
class Stored:
    """The statistics of tasks in a database, as `repr` writes their rows: NaN equals nothing."""

    url: str

    def after(self, rows: list[Row]) -> list[str]:
        """Return all rows after an upsert, in the order of their tasks."""
        with psycopg.connect(self.url) as connection:
            StagedRows().upsert(connection, {tables.task_stats: rows})
            found = connection.execute('SELECT * FROM task_stats ORDER BY task_id COLLATE "C"').fetchall()
        return [repr(row) for row in found]


@pytest.fixture
def stored(postgres: PostgresCluster) -> Stored:
    url = postgres.make_database(f"t{uuid4().hex}")
    engine = open_database(url)
    migrate(engine)
    engine.dispose()
    return Stored(url)


def stats_row(number: int, revision: int, **fields: Any) -> Row:
    """Return statistics of a task with hostile texts and numbers; `fields` are other values."""
    values: dict[str, Any] = {column.name: None if column.nullable else number for column in tables.task_stats.columns}
    name, figure = _NAMES[number % len(_NAMES)], _NUMBERS[number % len(_NUMBERS)]
    values |= {"task_id": f"{number:04} {name}", "task_name": name, "status": name, "first_error": f"[{name}]"}
    values |= {
        "created_at": 2**63 - 1,
        "duration_s": figure,
        "step_time_s": figure or 0.0,
        "revision": revision,
        **fields,
    }
    return tuple(values.values())


@pytest.mark.parametrize("count", [len(_NAMES) * len(_NUMBERS), 300], ids=["few", "many"])
def test_rows_arrive_as_they_are_and_give_way_to_newer_ones(stored: Stored, count: int) -> None:
    rows = [stats_row(number, revision=2) for number in range(count)]
    assert stored.after(rows) == [repr(row) for row in rows]
    older, newer = stats_row(0, revision=1), stats_row(1, revision=3, first_error="[]")
    assert stored.after([older, newer]) == [repr(row) for row in (rows[0], newer, *rows[2:])]
