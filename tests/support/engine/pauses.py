"""Workers whose time stands still: stopped for longer than a session, at a moment after they said something."""

import signal
from collections.abc import Sequence
from contextlib import ExitStack
from threading import Thread
from typing import NamedTuple

from tests.support.engine.arena import Arena
from tests.support.processes import eventually
from tests.support.worker_process import WorkerProcess

#: Kafka allows no session below 6 s.
BEYOND_A_SESSION_S = 8.0


class Paused(NamedTuple):
    """A worker that is paused some seconds after its log has a text."""

    arena: Arena
    text: str
    after_s: float
    store: str

    def pause(self, worker: WorkerProcess) -> None:
        """Wait for the moment, stop the worker, and let it go on."""
        eventually(lambda: worker.said(self.text) > 0)
        _pass_time(self.after_s)
        worker.signal(signal.SIGSTOP)
        _pass_time(BEYOND_A_SESSION_S)
        worker.signal(signal.SIGCONT)

    def harms(self, worker: WorkerProcess) -> list[str]:
        """Return what is wrong after the pause.

        The worker has to read everything, to count it right, to live, and not to complain about the broker, which was
        there all the time.
        """
        harms = [] if eventually(self._is_done) else [f"{self.arena.committed()} of {self.arena.records} committed"]
        harms += [f"said {text!r}" for text in ("No broker", "Traceback", "not responding") if worker.said(text)]
        if code := worker.terminate():
            harms.append(f"ended with {code}")
        elif differences := self.arena.differences():
            harms.append(f"{len(differences)} keys are wrong")
        return [f"{self.store}, {self.after_s:.3f} s after {self.text!r}: {harm}" for harm in harms]

    def _is_done(self) -> bool:
        return self.arena.committed() >= self.arena.records


def harms_of(pauses: Sequence[Paused]) -> list[str]:
    """Start a worker for each pause, all at the same time, and return what is wrong in the end."""
    with ExitStack() as living:
        workers = [living.enter_context(paused.arena.worker("paused", store=paused.store)) for paused in pauses]
        pausing = [Thread(target=paused.pause, args=(worker,)) for paused, worker in zip(pauses, workers, strict=True)]
        for thread in pausing:
            thread.start()
        for thread in pausing:
            thread.join()
        return [harm for paused, worker in zip(pauses, workers, strict=True) for harm in paused.harms(worker)]


def _pass_time(seconds: float) -> None:
    """Let time pass in which nothing is expected."""
    eventually(lambda: False, seconds)
