"""Removes what retention no longer keeps, from time to time."""

import logging
import time
from collections.abc import Callable

from sqlalchemy import Engine

from tasker_consumers.store.core.retention import KEEP_ALL, Retention
from tasker_consumers.store.maintenance import prune
from tasker_consumers.store.worker.metrics import StoreMetrics
from tasker_schemas.errors import ConfigurationError

EVERY_S = 3600.0

logger = logging.getLogger(__name__)


class Housekeeping:
    """Prunes the store once an hour, when it is called; the first time an interval after the start."""

    def __init__(
        self, engine: Engine, retention: Retention, metrics: StoreMetrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._engine = engine
        self._retention = retention
        self._metrics = metrics
        self._clock = clock
        self._due_at = clock() + EVERY_S

    def __call__(self) -> None:
        """Prune if it is time; raises BackendUnavailable when the database is away."""
        if self._retention == KEEP_ALL or self._clock() < self._due_at:
            return
        self._due_at = self._clock() + EVERY_S
        try:
            pruned = prune(self._engine, self._retention, time.time_ns() // 1000)
        except ConfigurationError as error:  # a user that may only read and write; the owner prunes then
            logger.warning("Retention removes nothing: %s; the owner's `tasker store prune` does", error)
            return
        self._metrics.pruned.inc(pruned.days + pruned.rows)
        if pruned.days or pruned.rows:
            logger.info("Retention removed %d partitions of days and %d rows", pruned.days, pruned.rows)
