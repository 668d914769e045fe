"""A store with a writer and a reader, in SQLite and in PostgreSQL."""

from collections.abc import Iterator

import pytest

from tasker_consumers.store.database import open_database
from tasker_consumers.store.reading.reader import StoreReader
from tasker_consumers.store.writing.open_writer import open_writer
from tasker_consumers.store.writing.writer import StoreWriter


@pytest.fixture
def writer(store_url: str) -> Iterator[StoreWriter]:
    """A writer into an empty store."""
    engine = open_database(store_url)
    opened = open_writer(engine)
    yield opened
    opened.close()
    engine.dispose()


@pytest.fixture
def reader(store_url: str) -> Iterator[StoreReader]:
    """A reader of the same store."""
    opened = StoreReader.open(store_url)
    yield opened
    opened.close()
