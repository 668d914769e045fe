"""A thread that follows a source for as long as the pages are served."""

import threading
from collections.abc import Callable, Sequence


class Follower:
    """Calls `follow` in a thread, from `start` to `stop`, and again after each end of it.

    `follow` returns soon after `is_ending`; `fail` is told what it raised. Between two calls it waits `pauses_s`
    seconds, the next number after each failure in a row.
    """

    def __init__(
        self, name: str, follow: Callable[[], None], fail: Callable[[Exception], None], pauses_s: Sequence[float]
    ) -> None:
        self._follow = follow
        self._fail = fail
        self._pauses_s = pauses_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_ending(self) -> bool:
        """Whether somebody has called `stop`."""
        return self._ending.is_set()

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Stop following, and wait for the thread's end."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        failures = 0
        while not self.is_ending:
            try:
                self._follow()
                failures = 0
            except Exception as error:  # noqa: BLE001  the pages go on, and the next try may work
                self._fail(error)
            self._ending.wait(self._pauses_s[min(failures, len(self._pauses_s) - 1)])
            failures += 1
