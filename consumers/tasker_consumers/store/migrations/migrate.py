"""Brings a database to the schema of this version; only one process does so at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from tasker_consumers.store.database import database_errors, is_sqlite, shown
from tasker_schemas.errors import ConfigurationError

#: Names the lock among those of other programs in the same PostgreSQL.
LOCK_ID = 0x7461736B6572  # "tasker"


def migrate(engine: Engine) -> list[str]:
    """Apply the missing changes, and return their ids; none when the schema is up to date.

    Raises ConfigurationError when the database has a newer schema, BackendUnavailable when it does not answer.
    """
    with database_errors(engine), _locked(engine) as connection:
        script = _script()
        present = _revision(connection)
        _require_known(engine, script, present)
        applied: list[str] = []

        def steps(revision: Any, _context: Any) -> Any:
            upgrades = script._upgrade_revs("head", revision)  # noqa: SLF001  as alembic's own `upgrade` does
            applied.extend(step.revision.revision for step in upgrades)
            return upgrades

        with EnvironmentContext(_config(), script, fn=steps) as environment:
            environment.configure(connection=connection, transactional_ddl=True)
            environment.run_migrations()
        connection.commit()
    return applied


def check_schema(engine: Engine) -> None:
    """Raise ConfigurationError, which names the remedy, unless the schema is that of this version."""
    with database_errors(engine), engine.connect() as connection:
        script = _script()
        present = _revision(connection)
        _require_known(engine, script, present)
        if present != script.get_current_head():
            raise ConfigurationError(
                f"the database {shown(engine)} has the schema {present or 'of no version'}, this version needs "
                f"{script.get_current_head()}: `tasker store migrate` brings it there"
            )


def _require_known(engine: Engine, script: ScriptDirectory, present: str | None) -> None:
    if present is not None and present not in {revision.revision for revision in script.walk_revisions()}:
        raise ConfigurationError(
            f"the database {shown(engine)} has the schema {present}, which is newer than this version: "
            "update tasker-events"
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    if not is_sqlite(engine):
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": LOCK_ID})
            yield connection
        return
    with Path(f"{engine.url.database}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with engine.connect() as connection:
            yield connection
