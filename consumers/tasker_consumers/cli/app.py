"""`tasker`: the commands in the order of its help; here every error becomes a line and an exit code."""

import os
import sys
from typing import Annotated

import typer

from tasker_consumers.cli import demo, doctor, importing, run, schemas, spool, stats, topics
from tasker_consumers.cli.output import complain
from tasker_consumers.cli.records import dlq, replay, show
from tasker_consumers.cli.runs import trace
from tasker_consumers.cli.task_list import tasks
from tasker_schemas.errors import PoisonRecord, TaskerEventsError
from tasker_schemas.extensions import native_state

#: Exit codes: something in the input failed; the user's mistake, a wrong setting, or no broker.
INPUT_FAILED = 1
CANNOT_START = 2
INTERRUPTED = 130

_BROKERS = "KAFKA_BOOTSTRAP_SERVERS"

app = typer.Typer(
    name="tasker",
    help="See what happens in your tasks and steps: events on Kafka, exact statistics, OpenTelemetry traces.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(is_requested: bool) -> None:
    if is_requested:
        from importlib.metadata import version  # noqa: PLC0415  slow, and hardly ever wanted

        typer.echo(f"tasker-events {version('tasker-events')} (native: {native_state()})")
        raise typer.Exit


def _name_brokers(brokers: str | None) -> None:
    """Put the brokers of the command line in the place of those of the environment, whatever form those have."""
    if brokers is not None:
        os.environ.pop(f"{_BROKERS}_FILE", None)
        os.environ[_BROKERS] = brokers


@app.callback()
def _root(
    _brokers: Annotated[
        str | None,
        typer.Option("--brokers", "-b", metavar="HOST:PORT", callback=_name_brokers, help=f"Instead of {_BROKERS}."),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """See what happens in your tasks and steps: events on Kafka, exact statistics, OpenTelemetry traces."""


app.command("demo")(demo.demo)
app.add_typer(run.app, name="run")
app.command("tasks")(tasks.tasks)
app.command("stats")(stats.stats)
app.command("trace")(trace.trace)
app.command("show")(show.show)
app.command("tail")(show.tail)
app.command("replay")(replay.replay)
app.add_typer(dlq.app, name="dlq")
app.add_typer(importing.app, name="import")
app.add_typer(topics.app, name="topics")
app.add_typer(schemas.app, name="schemas")
app.add_typer(spool.app, name="spool")
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line and exit."""
    try:
        app()
    except PoisonRecord as error:
        complain(str(error))
        sys.exit(INPUT_FAILED)
    except TaskerEventsError as error:
        complain(str(error))
        sys.exit(CANNOT_START)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
