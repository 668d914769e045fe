"""`tasker`: here every error becomes a line and an exit code; `frame.commands` has the table of commands."""

import os
import sys
from functools import cache
from typing import Annotated, Any

import typer
from typer.main import get_command

from tasker_consumers.cli.frame.commands import CommandGroup, add_commands
from tasker_consumers.cli.frame.environment_commands import COMPLETION_VARIABLE, prepare_completion
from tasker_consumers.cli.frame.errors import WrongUsage, usage_line
from tasker_consumers.cli.frame.shared_options import BrokersOption, ContextOption, use_environment
from tasker_consumers.cli.frame.streams import discard_output, open_closed_streams, use_plain_marks, write_fault
from tasker_consumers.cli.output import complain, echo
from tasker_schemas.errors import PoisonRecord, TaskerEventsError
from tasker_schemas.extensions import native_state

#: Exit codes: something in the input failed; the user's mistake, a wrong setting, or no broker.
INPUT_FAILED = 1
CANNOT_START = 2
INTERRUPTED = 130
#: The reader of the output went away, as `head` does: the code that a shell shows for a tool that SIGPIPE ended.
OUTPUT_CLOSED = 141

app = typer.Typer(
    name="tasker",
    help="See what happens in your tasks and steps: events on Kafka, exact statistics, OpenTelemetry traces.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 118},
)


def _show_version(is_requested: bool) -> None:
    if is_requested:
        from importlib.metadata import version  # noqa: PLC0415  slow, and hardly ever wanted

        echo(f"tasker-events {version('tasker-events')} (native: {native_state()})")
        raise typer.Exit


@app.callback()
def _root(
    brokers: BrokersOption = None,
    context: ContextOption = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """See what happens in your tasks and steps: events on Kafka, exact statistics, OpenTelemetry traces."""
    use_environment(brokers, context)


add_commands(app)


def main() -> None:
    """Run the command line and exit."""
    open_closed_streams()
    use_plain_marks()
    try:
        code = _run()
        sys.stdout.flush()  # while an error can still be told
        sys.exit(code)
    except PoisonRecord as error:
        complain(str(error))
        sys.exit(INPUT_FAILED)
    except TaskerEventsError as error:
        complain(str(error))
        sys.exit(CANNOT_START)
    except KeyboardInterrupt:
        discard_output()  # what waits there may have no reader, and the interpreter's end would wait for one
        sys.exit(INTERRUPTED)
    except (BrokenPipeError, SystemExit) as end:
        # Typer and Rich end a command by SystemExit when nobody reads its output any more.
        if isinstance(end, SystemExit) and not isinstance(end.__context__, BrokenPipeError):
            raise
        discard_output()
        sys.exit(OUTPUT_CLOSED)
    except OSError as error:
        fault = write_fault(error)
        if fault is None:
            raise
        discard_output()
        complain(fault)
        sys.exit(INPUT_FAILED)


@cache
def parser() -> Any:
    """Return the commands in the form that takes arguments apart: Typer would make it anew for each call."""
    return get_command(app)


def _run() -> Any:
    """Run a command and return its exit code, None for 0."""
    try:
        if COMPLETION_VARIABLE in os.environ:  # a shell asks
            prepare_completion()
        return parser()(standalone_mode=False, prog_name="tasker")
    except WrongUsage as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()
        else:
            complain(usage_line(error))
        return CANNOT_START
