"""The three standard streams of a command, whatever state they are in: closed, full, in an encoding without signs."""

import codecs
import os
import sys
from errno import EBADF, EDQUOT, EFBIG, EIO, ENOSPC
from pathlib import Path

from tasker_consumers.strict_json import can_encode

#: Errors of a write to a stream: the file system is full, the quota is used up, the device fails.
_OF_STREAMS = {ENOSPC, EDQUOT, EIO, EFBIG, EBADF}
#: The error handler of `use_plain_marks`.
PLAIN_MARKS = "tasker.plain"
_MARKS = {
    "✔": "ok", "✘": "x", "•": "o", "▸": ">", "★": "*", "━": "=", "─": "-", "│": "|", "└": "`", "├": "|", "µ": "u",
    "…": "...", "→": "->", "“": '"', "”": '"', "\N{MULTIPLICATION SIGN}": "x", "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
}  # fmt: skip


def open_closed_streams() -> None:
    """Put the null device in the place of each standard stream that was closed before this process began.

    Else the next file or socket would get the number of the stream, and with it the output.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  until the end


def write_fault(error: OSError) -> str | None:
    """Return the reason why a stream cannot be written; None for an error of something else.

    >>> write_fault(OSError(28, "No space left on device"))
    'cannot write: No space left on device'
    """
    if error.errno not in _OF_STREAMS or error.filename is not None:
        return None
    return f"cannot write: {os.strerror(error.errno)}"


def discard_output() -> None:
    """Lead standard output to the null device: the interpreter writes the waiting output once more at its end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def use_plain_marks() -> None:
    """Let standard output write a plain mark for each sign that its encoding lacks."""
    codecs.register_error(PLAIN_MARKS, _plain)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and not can_encode("✔", sys.stdout.encoding):
        reconfigure(errors=PLAIN_MARKS)


def _plain(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    return "".join(_MARKS.get(sign, "?") for sign in lacking), error.end
