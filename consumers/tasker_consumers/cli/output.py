"""The output of the commands: tables on a terminal, plain lines in a pipe, complaints on standard error."""

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from tasker_consumers.strict_json import strict_json

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 200


def complain(message: str) -> None:
    """Print a clear line on standard error."""
    line = " ".join(message.split())
    typer.echo(typer.style("tasker: ", fg="red") + line if sys.stderr.isatty() else f"tasker: {line}", err=True)


def show_json(document: Any) -> None:
    """Print a JSON document on standard output."""
    typer.echo(strict_json(document))


def open_console(*, stderr: bool = False) -> "Console":
    """Return a console for trees and tables; in a pipe it is wide enough to break no line of them."""
    from rich.console import Console  # noqa: PLC0415  most commands do without

    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, width=None if terminal else _PIPE_WIDTH, highlight=False)


def printable(text: str) -> str:
    r"""Return text with a sign in the place of each control character: events hold any, and a terminal obeys them.

    >>> printable("red\x1b[31m")
    'red␛[31m'
    """
    return text.translate(_PICTURES)


_C0, _C1, _DELETE_PICTURE = range(32), range(127, 160), 0x2421
_PICTURES = {code: 0x2400 + code for code in _C0 if chr(code) not in "\t\n"} | dict.fromkeys(_C1, _DELETE_PICTURE)


def print_lines(lines: Iterable[Any], console: "Console | None" = None) -> None:
    """Print texts of Rich as they are, without control characters; the terminal breaks a line that is too long."""
    console = console or open_console()
    for line in lines:
        line.plain = printable(line.plain)
        console.print(line, soft_wrap=True)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows: a table for eyes on a terminal, tab-separated lines for programs in a pipe."""
    if not sys.stdout.isatty():
        typer.echo("\t".join(columns))
        for row in rows:
            typer.echo("\t".join(row))
        return
    from rich.table import Table  # noqa: PLC0415  a pipe does not wait for it

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    open_console().print(table)
