"""Stop signals that wait for a good moment: Ctrl-C and SIGTERM while processes are started, looked at and stopped.

Python raises KeyboardInterrupt between any two steps of the main thread. There are steps between which that does harm:
a lock of the standard library is taken and never let go (`Popen.poll` has one, and a later `wait` waits for it for
ever), a process runs that nobody has written down yet, the end of a `with` block is left out, or a callback of an
import is interrupted, which ignores it. So whoever owns processes holds the signals back, and lets them interrupt where
it waits.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


class _Process:
    """What this process knows of its stop signals; only the main thread changes it, and only that gets signals."""

    depth = 0  # blocks that hold signals back, one in another
    is_open = False  # a signal interrupts at once
    waiting: int | None = None  # the signal that came and has done nothing yet
    is_done = False  # a signal has interrupted: what comes later is for the same end


@contextmanager
def held_back() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until the block's end, or until an `interruptible` block or a `pause` in it.

    A signal that still waits at the end acts then as if it had come then. When one has interrupted, the others are
    dropped: the end that they ask for is under way. In another thread than the main thread nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
    elif _Process.depth:
        with _deeper():
            yield
    else:
        _Process.waiting, _Process.is_done, _Process.is_open = None, False, False
        try:
            with _noted(_NUMBERS[0]), _noted(_NUMBERS[1]), _deeper():
                yield
        finally:
            _send_again()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a stop signal raise KeyboardInterrupt in this part of a `held_back` block, at once if it came before."""
    if not _Process.depth or threading.current_thread() is not threading.main_thread():
        yield
        return
    was_open = _Process.is_open
    try:
        _Process.is_open = True
        _act_on_waiting()
        yield
    finally:
        _Process.is_open = was_open and not _Process.is_done


def stop_on_sigterm() -> None:
    """Let SIGTERM act as Ctrl-C does: unwind, and stop all that was started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pause(seconds: float = 0.0) -> None:
    """Sleep; a stop signal that was held back raises KeyboardInterrupt here."""
    with interruptible():
        time.sleep(seconds)


@contextmanager
def _deeper() -> Iterator[None]:
    was_open, _Process.is_open = _Process.is_open, False
    try:
        _Process.depth += 1
        yield
    finally:
        _Process.depth -= 1
        if was_open and not _Process.is_done:
            _Process.is_open = True
            _act_on_waiting()


@contextmanager
def _noted(number: signal.Signals) -> Iterator[None]:
    """Let a signal be noted, unless it is ignored, or another language's code takes it."""
    previous = signal.getsignal(number)
    if previous in (None, signal.SIG_IGN):
        yield
        return
    try:
        signal.signal(number, _note)
        yield
    finally:
        signal.signal(number, previous)


def _note(number: int, _frame: FrameType | None) -> None:
    if not _Process.is_done:
        _Process.waiting = number
    if _Process.is_open:
        _act_on_waiting()


def _send_again() -> None:
    """Let a signal that still waits do what it does without all this."""
    number, _Process.waiting = _Process.waiting, None
    if number is not None:
        signal.raise_signal(number)


def _act_on_waiting() -> None:
    if _Process.waiting is not None:
        _Process.waiting, _Process.is_open, _Process.is_done = None, False, True
        raise KeyboardInterrupt
