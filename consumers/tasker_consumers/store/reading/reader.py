"""Opens the store for reading: a connection for each question, read-only, with a limit for its time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Select

from tasker_consumers.store.database import database_errors, is_sqlite, limited_in_time, open_database

#: How long a statement may take; seconds.
STATEMENT_S = 5.0
Answer = dict[str, Any]
#: Columns that hold JSON.
_JSON = frozenset(
    {"error_chain", "error_notes", "backtrace", "attributes", "depends_on", "critical_path", "first_error", "parts"}
)


class StoreReader:
    """Answers questions (see the other modules of this folder) from a store.

    Any number of threads may use it. Raises BackendUnavailable when the database is away or a statement takes too
    long, ConfigurationError when it was not migrated.
    """

    def __init__(self, engine: Engine, statement_s: float = STATEMENT_S) -> None:
        self.engine = engine
        self._statement_s = statement_s

    @classmethod
    def open(cls, url: str, statement_s: float = STATEMENT_S) -> "StoreReader":
        """Return a reader for the database of a URL; it connects at the first question."""
        return cls(open_database(url, statement_timeout_s=statement_s), statement_s)

    def all(self, query: Select[Any]) -> list[Answer]:
        """Return the rows of a query as dicts by column, JSON decoded."""
        with self._connect() as connection:
            return [answer_of(row) for row in connection.execute(query).mappings()]

    def first(self, query: Select[Any]) -> Answer | None:
        """Return the first row of a query; None if there is none."""
        rows = self.all(query.limit(1))
        return rows[0] if rows else None

    def plan(self, query: Select[Any]) -> str:
        """Return how the database would execute a query, as text for people and tests."""
        compiled = query.compile(self.engine, compile_kwargs={"literal_binds": True})
        verb = "EXPLAIN QUERY PLAN" if is_sqlite(self.engine) else "EXPLAIN"
        with self._connect() as connection:
            rows: Sequence[Any] = connection.exec_driver_sql(f"{verb} {compiled}".replace("%", "%%")).all()
        return "\n".join(str(row[-1]) for row in rows)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        with database_errors(self.engine), self.engine.connect() as connection:
            if is_sqlite(self.engine):
                with limited_in_time(connection, self._statement_s):
                    yield connection
                return
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            yield connection


def answer_of(row: Mapping[Any, Any]) -> Answer:
    """Return a row as a dict with its JSON decoded."""
    return {
        name: orjson.loads(value) if name in _JSON and isinstance(value, str) else value for name, value in row.items()
    }
