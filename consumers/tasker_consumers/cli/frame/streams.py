"""The three standard streams of a command, whatever state they are in: closed, full, or a pipe that nobody reads."""

import os
import sys
from errno import EBADF, EDQUOT, EFBIG, EIO, ENOSPC
from pathlib import Path

#: Errors of a write to a stream: the file system is full, the quota is used up, the device fails.
_OF_STREAMS = {ENOSPC, EDQUOT, EIO, EFBIG, EBADF}


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
