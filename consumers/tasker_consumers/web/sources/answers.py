"""Answers that take a while: asked by a single thread at once, and kept for some seconds."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

#: Answers that are kept at most, and for how many seconds.
_MOST, _KEPT_S = 16, 15.0

T = TypeVar("T")


class Answers(Generic[T]):
    """Keeps answers by their questions.

    >>> answers = Answers()
    >>> answers.get("six", lambda: 6), answers.get("six", lambda: 7)
    (6, 6)
    """

    def __init__(self, kept_s: float = _KEPT_S) -> None:
        self._kept_s = kept_s
        self._answers: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, question: Hashable, ask: Callable[[], T]) -> T:
        """Return the answer to a question, asking unless it is kept; an error is not kept."""
        with self._lock:
            lock = self._locks.setdefault(question, threading.Lock())
        with lock:
            asked_at, answer = self._answers.get(question, (float("-inf"), None))
            if answer is None or time.monotonic() - asked_at > self._kept_s:
                answer = ask()
                self._keep(question, answer)
            return answer

    def _keep(self, question: Hashable, answer: T) -> None:
        with self._lock:
            self._answers[question] = time.monotonic(), answer
            self._answers.move_to_end(question)
            while len(self._answers) > _MOST:
                oldest, _ = self._answers.popitem(last=False)
                self._locks.pop(oldest, None)
