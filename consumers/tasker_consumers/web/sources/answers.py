"""Answers that take a while: asked by a single thread at once, and kept for some seconds."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

#: Questions that are kept at most, and for how many seconds, unless somebody says otherwise.
_MOST, _KEPT_S = 16, 15.0

T = TypeVar("T")


@dataclass(slots=True)
class _Entry(Generic[T]):
    """The answer to a question, as soon as somebody has asked it; `lock` is whose turn it is to ask."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    answer: T | None = None
    asked_at: float = 0.0


class Answers(Generic[T]):
    """Keeps answers by their questions.

    >>> answers = Answers()
    >>> answers.get("six", lambda: 6), answers.get("six", lambda: 7)
    (6, 6)
    """

    def __init__(self, kept_s: float = _KEPT_S, most: int = _MOST) -> None:
        self._kept_s = kept_s
        self._most = most
        self._entries: OrderedDict[Hashable, _Entry[T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, question: Hashable, ask: Callable[[], T]) -> T:
        """Return the answer to a question, asking unless it is kept; an error is not kept."""
        entry = self._entry(question)
        with entry.lock:
            if entry.answer is None or time.monotonic() - entry.asked_at > self._kept_s:
                entry.answer = ask()
                entry.asked_at = time.monotonic()
            return entry.answer

    def _entry(self, question: Hashable) -> _Entry[T]:
        with self._lock:
            entry = self._entries.setdefault(question, _Entry())
            self._entries.move_to_end(question)
            if len(self._entries) > self._most:
                self._entries.popitem(last=False)
            return entry
