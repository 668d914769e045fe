"""The output of the commands: tables on a terminal, plain lines in a pipe, complaints and notices on standard error."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import typer

from tasker_consumers.strict_json import can_encode, json_for

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 200
_WIDE = 10_000


class OutputForm(StrEnum):
    """Forms of tables and documents on standard output."""

    TABLE = "table"
    WIDE = "wide"  # a table that leaves no column out, however narrow the terminal is
    JSON = "json"
    YAML = "yaml"


_form: ContextVar[OutputForm] = ContextVar("form", default=OutputForm.TABLE)


def choose_form(form: OutputForm) -> None:
    """Let all further output have this form."""
    _form.set(form)


def output_width() -> int:
    """Return the columns that a line may have on a terminal; without an end where the form is wide."""
    return _WIDE if _form.get() is OutputForm.WIDE else shutil.get_terminal_size().columns


def complain(message: str) -> None:
    """Print a clear line on standard error; where that is full or closed, nobody can be told."""
    line = " ".join(message.split())
    is_colored = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    with suppress(OSError):
        typer.echo(typer.style("tasker: ", fg="red") + line if is_colored else f"tasker: {line}", err=True)


def echo(line: str = "") -> None:
    """Print a line on standard output at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def write_document(text: str) -> None:
    """Write a document that says itself that it is UTF-8, whatever the encoding of standard output is."""
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:
        sys.stdout.write(text)
    else:
        sys.stdout.flush()
        binary.write(text.encode())
    sys.stdout.flush()


def show_json(document: Any) -> None:
    """Print a document on standard output: as a line of JSON, or as a document of YAML where that was chosen."""
    text = json_for(document, sys.stdout.encoding)
    if _form.get() is OutputForm.YAML:
        import json  # noqa: PLC0415  these two are hardly ever needed

        import yaml  # noqa: PLC0415

        signs = can_encode(text, sys.stdout.encoding)
        text = yaml.safe_dump(json.loads(text), allow_unicode=signs, sort_keys=False, explicit_start=True).rstrip()
    echo(text)


def open_console(*, stderr: bool = False) -> "Console":
    """Return a console for trees and tables; in a pipe it is wide enough to break no line of them."""
    from rich.console import Console  # noqa: PLC0415  most commands do without

    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    narrow = terminal and _form.get() is not OutputForm.WIDE
    return Console(
        stderr=stderr, width=None if narrow else output_width() if terminal else _PIPE_WIDTH, highlight=False
    )


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
    """Print rows: a table for eyes on a terminal, tab-separated lines in a pipe, documents where that was chosen.

    No cell is cut on a terminal: the last columns are left out where the terminal is too narrow.
    """
    if _form.get() in (OutputForm.JSON, OutputForm.YAML):
        names = [column.replace(" ", "_") for column in columns]
        show_json([dict(zip(names, row, strict=True)) for row in rows])
    elif sys.stdout.isatty():
        from tasker_consumers.ranked_table import ranked_lines  # noqa: PLC0415  a pipe does not need it

        cells = [[printable(cell).replace("\n", " ") for cell in row] for row in rows]
        echo("\n".join(ranked_lines(columns, cells, output_width())))
    else:
        for row in (columns, *rows):
            echo("\t".join(printable(cell).replace("\n", " ") for cell in row))


class Notices:
    """Lines on why nothing moves: on standard error, or in the frame of a terminal that is drawn anew."""

    def __init__(self) -> None:
        self.draw: Callable[[str], None] | None = None
        self._last = ""

    def show(self, notice: str | None) -> None:
        """Show a line; on standard error only when more changed than its number of seconds."""
        text = notice or ""
        if self.draw is not None:
            self.draw(text)
            return
        text_without_digits = "".join(letter for letter in text if not letter.isdigit())
        if text_without_digits and text_without_digits != self._last:
            complain(text)
        self._last = text_without_digits


@contextmanager
def unwinding_on_sigterm() -> Iterator[None]:
    """Let SIGTERM leave the block like any exception, so that a terminal gets its cursor back."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    previous = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
