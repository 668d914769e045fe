"""The writer of a database."""

from sqlalchemy import Engine

from tasker_consumers.store.database import is_sqlite
from tasker_consumers.store.writing.sqlite import SqliteWriter
from tasker_consumers.store.writing.writer import StoreWriter


def open_writer(engine: Engine) -> StoreWriter:
    """Return the writer for the kind of a database; it connects at its first use."""
    if is_sqlite(engine):
        return SqliteWriter(engine)
    from tasker_consumers.store.writing.postgresql import PostgresWriter  # noqa: PLC0415  SQLite needs no psycopg

    return PostgresWriter(engine)
