"""`tasker store`: the care of the store's database: schema, state, retention, reading anew."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for SQLAlchemy

from typing import Annotated

import typer

from tasker_consumers.cli.output import complain, show_table

app = typer.Typer(help="Migrate, check, prune and rebuild the store's database.", no_args_is_help=True)


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this version, and make partitions for the next 30 days.

    A worker whose user owns the tables does so by itself.
    """
    from tasker_consumers.cli.environment import read_settings
    from tasker_consumers.cli.stored.opening import opened_engine

    with opened_engine(read_settings()) as engine:
        from tasker_consumers.store.database import shown
        from tasker_consumers.store.maintenance import make_days_ahead
        from tasker_consumers.store.migrations.migrate import migrate as apply

        applied = apply(engine)
        make_days_ahead(engine)
        complain(f"{shown(engine)}: " + (f"applied {', '.join(applied)}" if applied else "the schema is up to date"))


@app.command()
def check() -> None:
    """Compare schema, counts and positions with what they must be; exit code 1 if anything is wrong."""
    from tasker_consumers.cli.environment import read_settings
    from tasker_consumers.cli.stored.opening import opened_reader
    from tasker_consumers.store.checks import findings
    from tasker_consumers.store.maintenance import row_counts

    settings = read_settings()
    with opened_reader(settings) as reader:
        show_table(("table", "rows"), [(name, str(count)) for name, count in row_counts(reader.engine).items()])
        wrong = findings(reader.engine, settings.kafka, settings.topic_prefix)
    for finding in wrong:
        complain(finding)
    if wrong:
        raise typer.Exit(1)
    complain("the store is in order")


@app.command()
def prune() -> None:
    """Remove what is older than TASKER_STORE_RETENTION_DAYS; a worker does so every hour."""
    import time

    from tasker_consumers.cli.environment import read_settings
    from tasker_consumers.cli.stored.opening import opened_reader
    from tasker_consumers.store.maintenance import prune as remove
    from tasker_consumers.store.settings import StoreSettings

    settings = read_settings()
    with opened_reader(settings) as reader:
        pruned = remove(reader.engine, StoreSettings.of(settings).retention, time.time_ns() // 1000)
    complain(f"removed {pruned.days} partitions of days and {pruned.rows} rows")


@app.command()
def rebuild(
    *,
    empty: Annotated[
        bool, typer.Option("--empty", help="Remove all rows first; those that the topics no longer hold are lost.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without it the command only says what it would do.")
    ] = False,
) -> None:
    """Have the group read its topics from their beginning; rows that are there stay. Its workers must be stopped."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.cli.stored.opening import opened_reader
    from tasker_consumers.store.checks import require_no_workers
    from tasker_consumers.store.maintenance import empty as remove_all
    from tasker_consumers.store.maintenance import forget_positions

    settings = read_settings_with_kafka()
    require_no_workers(settings.kafka, settings.topic_prefix)
    with opened_reader(settings) as reader:
        if not yes:
            complain(f"would {'remove all rows and ' if empty else ''}forget all positions; add --yes to do it")
            return
        (remove_all if empty else forget_positions)(reader.engine)
    complain("the store reads all topics from their beginning when its workers start again")
