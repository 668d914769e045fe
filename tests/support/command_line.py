"""The command line in this process, for tests that need no broker: a process of its own takes a second."""

import sys
from contextlib import redirect_stderr, redirect_stdout
from contextvars import copy_context
from io import StringIO
from typing import NamedTuple
from unittest.mock import patch

from tasker_consumers.cli.app import main


class Ended(NamedTuple):
    """Exit code, standard output and standard error."""

    code: int
    out: str
    err: str


class Terminal(StringIO):
    """A stream that says that somebody looks at it."""

    def isatty(self) -> bool:
        return True


def run_on_terminal(columns: int, *arguments: str, **variables: str) -> Ended:
    """Run a command on a long terminal of so many columns, without colours; see `run_main`."""
    size = {"COLUMNS": str(columns), "LINES": "10000", "TERM": "dumb", "NO_COLOR": "1"}
    return _run(Terminal(), Terminal(), arguments, {**size, **variables})


def run_main(*arguments: str, **variables: str) -> Ended:
    """Run a command with these variables only, and return how it ended."""
    return _run(StringIO(), StringIO(), arguments, variables)


def _run(out: StringIO, err: StringIO, arguments: tuple[str, ...], variables: dict[str, str]) -> Ended:
    environ = {"PATH": "/usr/bin:/bin", "HOME": "/absent", **variables}
    with (
        patch.object(sys, "argv", ["tasker", *arguments]),
        patch.dict("os.environ", environ, clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            copy_context().run(main)  # the form of its output is for this command alone
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return Ended(code, out.getvalue(), err.getvalue())
