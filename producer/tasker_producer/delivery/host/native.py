"""Threads and locks of the operating system, also where gevent or eventlet has replaced those of Python.

A patched thread is a greenlet: librdkafka's blocking calls would stop the host's hub with it. Both libraries change
attributes of the modules `_thread` and `threading`. This module executes the builtin module `_thread` anew, so its
functions are the original ones, whether it is imported before or after the patching.

Code that holds such a lock must not switch greenlets: it runs no code of the service, logs nothing and waits
for nothing.
"""

import importlib.machinery
import importlib.util
import threading
import time
from collections.abc import Callable
from types import BuiltinFunctionType, ModuleType
from typing import Any, Protocol

_MAX_PAUSE_S = 0.02
#: The function of `threading` that starts a thread, which gevent and eventlet replace; Python 3.13 has another.
_STARTER = "_start_joinable_thread" if hasattr(threading, "_start_joinable_thread") else "_start_new_thread"


class Lock(Protocol):
    """A lock of the operating system."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; return whether it is taken within `timeout` seconds."""

    def release(self) -> None:
        """Give the lock back."""

    def __enter__(self) -> bool: ...

    def __exit__(self, *_: object) -> None: ...


def _original(name: str) -> ModuleType:
    builtin: Any = importlib.machinery.BuiltinImporter
    spec = importlib.machinery.ModuleSpec(name, builtin, origin="built-in")
    module = importlib.util.module_from_spec(spec)
    builtin.exec_module(module)
    return module


_thread: Any = _original("_thread")
#: Stops the present thread of the operating system, a hub with all its greenlets too.
sleep: Callable[[float], None] = _original("time").sleep
allocate_lock: Callable[[], Lock] = _thread.allocate_lock
RLock: Callable[[], Lock] = _thread.RLock
get_ident: Callable[[], int] = _thread.get_ident


def is_green() -> bool:
    """Return whether threads of Python are greenlets in this process."""
    return not isinstance(getattr(threading, _STARTER), BuiltinFunctionType)


def start_thread(run: Callable[[], None]) -> None:
    """Run a function in a thread of the operating system that does not keep the process alive.

    It is no `threading.Thread`: the end of such a thread fails when the module was patched meanwhile. Raises
    RuntimeError where the process may start no more threads.
    """
    _thread.start_new_thread(run, ())


def wait_for(condition: Callable[[], bool], timeout: float) -> bool:
    """Return whether a condition is true within `timeout` seconds; other greenlets run meanwhile."""
    end = time.monotonic() + timeout
    pause = 0.0005
    while not condition():
        remaining_s = end - time.monotonic()
        if remaining_s <= 0:
            return False
        _let_others_run(min(pause, remaining_s))
        pause = min(2 * pause, _MAX_PAUSE_S)
    return True


def _let_others_run(seconds: float) -> None:
    """Sleep while other threads and greenlets run.

    A signal handler may run in a hub, which refuses to sleep, or while the hub's modules are being imported.
    """
    try:
        time.sleep(seconds)  # looked up at each call: gevent and eventlet replace it
    except Exception:  # noqa: BLE001  whatever keeps their sleep from sleeping
        sleep(seconds)


class Flag:
    """A flag that a thread sets and a thread of ours waits for: threading.Event with locks of the system."""

    def __init__(self) -> None:
        self._set = False
        self._wake = allocate_lock()
        self._wake.acquire()

    def set(self) -> None:
        """Set the flag, which ends all waiting."""
        self._set = True
        try:
            self._wake.release()
        except RuntimeError:  # another call released it
            return

    def is_set(self) -> bool:
        """Return whether the flag is set."""
        return self._set

    def wait(self, timeout: float) -> bool:
        """Wait until the flag is set, at most `timeout` seconds; return whether it is. For threads of ours only."""
        if not self._set and self._wake.acquire(timeout=timeout):
            self._wake.release()
        return self._set
