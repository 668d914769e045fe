"""Opens the store for a command."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for SQLAlchemy

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tasker_schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tasker_consumers.settings import ConsumerSettings
    from tasker_consumers.store.reading.reader import StoreReader


def require_store() -> None:
    """Raise ConfigurationError, which says what to install, where the extra `store` is missing."""
    try:
        import alembic
        import sqlalchemy  # noqa: F401  it is here
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{error.name} is not installed; the store needs pip install 'tasker-events[consumers,store]'"
        ) from None
    assert alembic


def run_worker_of_store(settings: "ConsumerSettings") -> int:
    """Run a worker of the store until it is stopped, and return its exit code."""
    require_store()
    from tasker_consumers.store.worker.start import start_store

    return start_store(settings)


@contextmanager
def opened_engine(settings: "ConsumerSettings") -> Iterator["Engine"]:
    """Yield the engine of the database that the settings name."""
    require_store()
    from tasker_consumers.store.database import open_database

    engine = open_database(settings.database)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def opened_reader(settings: "ConsumerSettings") -> Iterator["StoreReader"]:
    """Yield a reader of the store; raises ConfigurationError when there is none, or its schema is another."""
    require_store()
    from tasker_consumers.store.reading.opening import open_store

    reader = open_store(settings.database)
    try:
        yield reader
    finally:
        reader.close()
