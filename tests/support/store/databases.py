"""Fixtures: an empty store in each database, for tests that both have to pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tasker_consumers.store.database import open_database
from tasker_consumers.store.migrations.migrate import migrate
from tests.support.store.postgres import PostgresCluster, open_cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """A running PostgreSQL that the tests of a process share; each has its own database."""
    with open_cluster() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    cluster: PostgresCluster = request.getfixturevalue("postgres")
    return cluster.make_database(f"t{uuid4().hex}")


@pytest.fixture
def store_url(empty_url: str) -> str:
    """The URL of a migrated database, of each kind."""
    engine = open_database(empty_url)
    migrate(engine)
    engine.dispose()
    return empty_url
