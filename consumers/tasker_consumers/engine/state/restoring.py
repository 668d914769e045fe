"""How far a worker is with restoring its states from their changelog: for `/readyz`, `/metrics` and the log."""

import logging
import time

from tasker_consumers.engine.metrics import EngineMetrics

#: Between two lines of the log.
_TELL_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Progress:
    """The restoring of states under way, or the last restoring.

    >>> progress = Progress(EngineMetrics())
    >>> progress.begin()
    >>> progress.move(120_000, left=280_000)
    >>> progress.text
    'restoring: 120,000 of 400,000 changelog records'
    """

    def __init__(self, metrics: EngineMetrics) -> None:
        self._metrics = metrics
        self._begun = self._told = time.monotonic()
        self._read = self._left = 0

    @property
    def text(self) -> str:
        """The progress as a line for people."""
        return f"restoring: {self._read:,} of {self._read + self._left:,} changelog records"

    def begin(self) -> None:
        """Note that it begins."""
        self._begun = self._told = time.monotonic()
        self._read = self._left = 0

    def move(self, count: int, left: int) -> None:
        """Note that so many records more were read, and how many are left."""
        self._read, self._left = self._read + count, left
        self._metrics.recovered.inc(count)
        self._metrics.recovery_left.set(left)
        if time.monotonic() - self._told > _TELL_SECONDS:
            self._told = time.monotonic()
            logger.info("%s", self.text.capitalize())

    def end(self) -> None:
        """Note that all states and their indexes are there."""
        took = time.monotonic() - self._begun
        self._left = 0
        self._metrics.recovery_left.set(0)
        self._metrics.recovery_seconds.set(took)
        if self._read:
            logger.info("Restored: %s changelog records in %.1f s", f"{self._read:,}", took)
