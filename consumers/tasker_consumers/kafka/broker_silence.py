"""Tells when brokers do not answer, and when a worker gives up."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tasker_schemas.errors import BackendUnavailable

#: Between two lines about a broker that is away.
_LINE_S = 10.0

#: The name under which the engine's watches have always logged.
logger = logging.getLogger("tasker_consumers.engine.watch")


@dataclass(slots=True)
class BrokerSilence:
    """Tells when brokers do not answer: a line every ten seconds, and an error when the limit is over (seconds)."""

    limit: float
    clock: Callable[[], float] = time.monotonic
    _logged_at: float = field(default=float("-inf"), init=False)
    _was_silent: bool = field(default=False, init=False)

    def observe(self, age: float) -> None:
        """Take the seconds since the last answer; raises BackendUnavailable beyond the limit."""
        if age > self.limit:
            raise BackendUnavailable(f"no broker has answered for {self.limit:.0f} s: giving up")
        if age <= _LINE_S:
            if self._was_silent:
                self._was_silent = False
                logger.info("The broker answers again")
        elif self.clock() >= self._logged_at + _LINE_S:
            self._logged_at, self._was_silent = self.clock(), True
            logger.warning("No broker for %.0f s, giving up in %.0f s", age, self.limit - age)
