"""Opens a store that is there and has the schema of this version."""

from pathlib import Path

from tasker_consumers.store.database import read_url
from tasker_consumers.store.migrations.migrate import check_schema
from tasker_consumers.store.reading.reader import StoreReader
from tasker_schemas.errors import ConfigurationError, TaskerEventsError


def open_store(address: str) -> StoreReader:
    """Return a reader of the store at a URL; no file is made.

    Raises ConfigurationError when there is none or its schema is another, BackendUnavailable when the database is away.
    """
    url = read_url(address)
    if url.drivername == "sqlite" and not Path(url.database or "").exists():
        raise ConfigurationError(
            f"there is no store at {url.database}: `tasker run store` makes it, or TASKER_STORE_URL names another"
        )
    reader = StoreReader.open(address)
    try:
        check_schema(reader.engine)
    except TaskerEventsError:
        reader.close()
        raise
    return reader
