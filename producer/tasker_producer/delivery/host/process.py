"""The life of the process around a delivery: it is forked, and it ends.

librdkafka's threads do not survive a fork: a child's inherited client accepts everything and delivers nothing. So a
child forgets the inherited client and makes its own. At the end queued events get a bounded time to leave.
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

from tasker_producer.delivery.host import native


class ProcessListener(Protocol):
    """An object that is told of forks and of the end of its process."""

    def after_fork(self) -> None:
        """Start anew in a forked child; nothing else has run there yet."""
        ...

    def at_exit(self) -> None:
        """Finish before the process ends, in bounded time."""
        ...


class ForkGuard:
    """Held while SQLite or librdkafka runs code whose own locks a fork would copy in their locked state.

    A fork waits some milliseconds for it, and never for a slow disk: a child that was forked amid such a call is told
    by `was_cut`, and uses no disk.
    """

    def __init__(self) -> None:
        self._lock = native.RLock()
        self._fork_holds = False
        self.was_cut = False

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def before_fork(self) -> None:
        """Wait for the end of a call that is running, but not long."""
        self._fork_holds = self._lock.acquire(timeout=_FORK_WAITS_S)

    def after_in_parent(self) -> None:
        """Go on."""
        if self._fork_holds:
            self._lock.release()

    def after_in_child(self) -> None:
        """Make the lock anew: the thread that may hold it does not exist here."""
        self.was_cut = self.was_cut or not self._fork_holds
        self._lock = native.RLock()


_FORK_WAITS_S = 0.05
_EXIT_BY_SIGNAL = 128

no_fork = ForkGuard()

_listeners: dict[int, ProcessListener] = {}
_handles_sigterm = False


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


def watch_sigterm() -> None:
    """Finish before a SIGTERM ends the process, unless the service has a handler of its own.

    Only the main thread may do this. Elsewhere nothing happens, and the next publisher that is made there does it.
    """
    global _handles_sigterm  # noqa: PLW0603  a process has a single handler
    if _handles_sigterm or threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_sigterm)
        _handles_sigterm = True


def _on_sigterm(number: int, _frame: FrameType | None) -> None:
    _at_exit()
    # End as the process would have ended without us: whoever sent the signal looks at the exit status.
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    if os.getpid() == 1:  # the kernel protects the first process of a container from its own signals
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(_EXIT_BY_SIGNAL + number)


@cache
def _install() -> None:
    atexit.register(_at_exit)
    os.register_at_fork(before=no_fork.before_fork, after_in_parent=no_fork.after_in_parent, after_in_child=_after_fork)


def _after_fork() -> None:
    no_fork.after_in_child()
    for listener in list(_listeners.values()):
        listener.after_fork()


def _at_exit() -> None:
    for listener in list(_listeners.values()):
        listener.at_exit()


def never_free(instance: object) -> None:
    """Keep an object for ever, also through the interpreter's end.

    Freeing a client of librdkafka in a forked child waits for threads that exist only in the parent.
    """
    import ctypes  # noqa: PLC0415  needed after a fork only

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(instance))
