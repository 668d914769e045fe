"""The command line: a thin layer with a file for each command."""

# ruff: noqa: PLC0415  a service that only publishes installs this command without its dependencies

import signal
import sys


def main() -> None:
    """Run the command line and exit; Ctrl-C ends it with 130, from its first import to the end of the interpreter."""
    try:
        try:
            from tasker_consumers.stop_signals import held_back

            with held_back():
                from tasker_consumers.cli.app import main as run
        except ModuleNotFoundError as error:
            sys.exit(_no_extra(error))
        run()
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        # Code in a text, as dataclasses run it, that Ctrl-C interrupts is noted until the next: `python -m` would then
        # end by SIGINT instead of our exit code.
        exec("")  # noqa: S102
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _no_extra(error: ModuleNotFoundError) -> int:
    if (error.name or "").startswith("tasker_"):
        raise error
    sys.stderr.write(f"tasker: {error.name} is not installed; the tools need pip install 'tasker-events[consumers]'\n")
    return 2
