"""Topics that Kafka does not take events of for some seconds, while it takes those of others."""

import time
from collections import Counter
from collections.abc import Callable


class PausedTopics:
    """The topics whose events wait alone, each until its time is over.

    >>> paused = PausedTopics(clock=iter([10.0, 14.0, 15.0]).__next__)
    >>> paused.add("orders", 5.0)
    >>> paused.due(), paused.due()
    ([], ['orders'])
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends: dict[str, float] = {}

    def __contains__(self, topic: str) -> bool:
        return topic in self._ends

    def add(self, topic: str, seconds: float) -> None:
        """Let the events of a topic wait, and those of others go on."""
        self._ends[topic] = self._clock() + seconds

    def remove(self, topic: str) -> None:
        """Let the events of a topic go on."""
        self._ends.pop(topic, None)

    def names(self) -> list[str]:
        """Return the topics whose events wait alone."""
        return list(self._ends)

    def due(self) -> list[str]:
        """Return the topics whose time is over."""
        present = self._clock()
        return [topic for topic, end in list(self._ends.items()) if present >= end]

    def has_others(self, counts: Counter[str]) -> bool:
        """Return whether events of topics that are not paused are among the counted ones."""
        return any(number > 0 for topic, number in counts.items() if topic not in self._ends)
