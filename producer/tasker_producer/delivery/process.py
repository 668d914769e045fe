"""The life of the process around a delivery: it is forked, and it ends.

librdkafka's threads do not survive a fork: a child's inherited client accepts everything and delivers nothing. So a
child forgets the inherited client and makes its own. At the end what is queued gets a bounded time to leave.
"""

import atexit
import os
import signal
import sys
import threading
from contextlib import suppress
from functools import cache
from types import FrameType
from typing import Protocol


class ProcessListener(Protocol):
    """An object that is told of forks and of the end of its process."""

    def after_fork(self) -> None:
        """Start anew in a forked child; nothing else has run there yet."""
        ...

    def at_exit(self) -> None:
        """Finish before the process ends, in bounded time."""
        ...


no_fork = threading.RLock()
"""Held while something runs that a fork must not cut in half: SQLite's own locks would stay locked in the child."""

_FORK_WAITS_S = 5.0
_listeners: dict[int, ProcessListener] = {}


def watch(listener: ProcessListener) -> None:
    """Tell `listener` of forks and of the end of this process, until `unwatch`."""
    _listeners[id(listener)] = listener
    _install()


def unwatch(listener: ProcessListener) -> None:
    """Tell `listener` of nothing any more."""
    _listeners.pop(id(listener), None)


def watch_worker_exit() -> None:
    """See to the end of a worker process too: those of multiprocessing leave without running atexit."""
    for name in ("multiprocessing.util", "billiard.util"):
        if module := sys.modules.get(name):
            module.Finalize(None, _at_exit, exitpriority=10)


@cache
def watch_sigterm() -> None:
    """Finish before a SIGTERM ends the process, unless the service has a handler of its own.

    Only the main thread may do this; elsewhere, and in a process that has its own way of ending, nothing happens.
    """
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_sigterm)


def _on_sigterm(number: int, _frame: FrameType | None) -> None:
    _at_exit()
    # End as the process would have ended without us: whoever sent the signal looks at the exit status.
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


@cache
def _install() -> None:
    atexit.register(_at_exit)
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_here, after_in_child=_after_fork)


def _before_fork() -> None:
    no_fork.acquire(timeout=_FORK_WAITS_S)


def _after_fork_here() -> None:
    with suppress(RuntimeError):  # it was not to be had in time
        no_fork.release()


def _after_fork() -> None:
    _after_fork_here()
    for listener in list(_listeners.values()):
        listener.after_fork()


def _at_exit() -> None:
    for listener in list(_listeners.values()):
        listener.at_exit()


def never_free(thing: object) -> None:
    """Keep an object for ever, also through the interpreter's end.

    Freeing a client of librdkafka in a forked child waits for threads that exist only in the parent.
    """
    import ctypes  # noqa: PLC0415  needed after a fork only

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
