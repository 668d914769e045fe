"""The connection to the database: its URL, the settings of each connection, and errors in the terms of this system."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from tasker_schemas.errors import BackendUnavailable, ConfigurationError

#: How long a connection may take, and how long SQLite waits for another writer; seconds.
CONNECT_S, BUSY_S = 5, 30
_EXPECTED = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE or sqlite:///PATH"
#: SQLSTATE classes that waiting does not mend: a missing right, object or column, a wrong password or database.
_NO_TABLE = "42P01"
_SETTINGS = ("28", "3D", "42")
#: SQLSTATE classes of an outage: connection, resources, operator, system, conflict of transactions, locks, standby.
_OUTAGES = ("08", "53", "57", "58", "40", "55", "25")
#: Instructions of SQLite's machine between two looks at the time: some milliseconds.
_STEPS_OF_A_LOOK = 100_000
#: Primary codes of SQLite for a file that it cannot read.
_NO_DATABASE = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_SQLITE_OUTAGES = (sqlite3.OperationalError, sqlite3.InternalError)


def read_url(text: str) -> URL:
    """Return the URL of a database; raises ConfigurationError for one that this store does not know.

    >>> read_url("postgres://ann@db/tasker").drivername
    'postgresql+psycopg'
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigurationError(f"TASKER_STORE_URL cannot be read; expected {_EXPECTED}.") from None
    backend = url.drivername.partition("+")[0]
    if backend in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite")
    raise ConfigurationError(f"TASKER_STORE_URL begins with {backend!r}; expected {_EXPECTED}.")


def open_database(text: str, *, statement_timeout_s: float | None = None) -> Engine:
    """Return an engine for a URL; it connects at the first use.

    SQLite's directory is made. `statement_timeout_s` ends each longer statement (PostgreSQL; for SQLite see
    `limited_in_time`).
    """
    url = read_url(text)
    if url.drivername == "sqlite":
        return _sqlite(url)
    options = [f"-c statement_timeout={int(statement_timeout_s * 1000)}"] if statement_timeout_s else []
    arguments = {"connect_timeout": CONNECT_S, "application_name": "tasker-store", "options": " ".join(options)}
    try:
        return create_engine(url, pool_pre_ping=True, pool_size=5, connect_args=arguments)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigurationError(f"PostgreSQL needs psycopg ({error}): pip install 'tasker-events[store]'.") from None


def shown(engine: Engine) -> str:
    """Return the address of a database without its password."""
    return engine.url.set(drivername=engine.dialect.name).render_as_string(hide_password=True)


def is_sqlite(engine: Engine) -> bool:
    """Return whether a database is SQLite."""
    return engine.dialect.name == "sqlite"


@contextmanager
def limited_in_time(connection: Connection, seconds: float) -> Iterator[None]:
    """End a statement of a connection to SQLite that still runs after so many seconds; it raises OperationalError."""
    driver: Any = connection.connection.driver_connection
    deadline = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_OF_A_LOOK)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def database_errors(engine: Engine) -> Iterator[None]:
    """Raise BackendUnavailable for a database that is away, and ConfigurationError for a wrong setting or schema.

    An error of the values themselves is raised as it is.
    """
    try:
        yield
    except DBAPIError as error:
        raise _translated(engine, error.orig or error) from error
    except Exception as error:
        translated = _translated(engine, error)
        if translated is error:
            raise
        raise translated from error


def _translated(engine: Engine, error: BaseException) -> BaseException:
    reason = " ".join(str(error).split())
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _NO_DATABASE:
        return ConfigurationError(
            f"the file of {shown(engine)} is no database of SQLite, or is damaged ({reason}): name another by "
            "TASKER_STORE_URL, or move it away and have the worker of the store make it anew"
        )
    if isinstance(error, _SQLITE_OUTAGES):
        is_missing = "no such table" in reason or "no such column" in reason
        reason = "the statement took too long" if reason == "interrupted" else reason
        away = BackendUnavailable(f"the database {shown(engine)} does not take it ({reason})")
        return _no_schema(engine, reason) if is_missing else away
    if not type(error).__module__.startswith("psycopg"):
        return error
    state: str = getattr(error, "sqlstate", None) or _OUTAGES[0]  # without a state nobody answered
    if state == _NO_TABLE:
        return _no_schema(engine, reason)
    if state.startswith(_SETTINGS):
        return ConfigurationError(f"the database {shown(engine)} refuses: {reason}")
    away = BackendUnavailable(f"the database {shown(engine)} does not answer ({reason})")
    return away if state.startswith(_OUTAGES) else error


def _no_schema(engine: Engine, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"the database {shown(engine)} lacks a table of this version ({reason}): `tasker store migrate` makes it"
    )


def _sqlite(url: URL) -> Engine:
    path = Path(url.database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"TASKER_STORE_URL: {path.parent} cannot be made ({error.strerror}).") from None
    engine = create_engine(url, connect_args={"timeout": BUSY_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The pages of a new file are reused or given back (incremental_vacuum); WAL lets readers and a writer go on.
        for pragma in ("auto_vacuum=INCREMENTAL", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
