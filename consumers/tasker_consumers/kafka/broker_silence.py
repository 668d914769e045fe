"""Tells when brokers do not answer, and when a worker gives up."""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tasker_schemas.errors import BackendUnavailable

#: Between two lines about a broker that is away.
_LINE_S = 10.0
#: Between two looks at the silence; the rest of a longer time is a pause of the process, which heard nobody meanwhile.
_LOOK_S = 3.0

#: The name under which the engine's watches have always logged.
logger = logging.getLogger("tasker_consumers.engine.watch")


@dataclass(slots=True)
class BrokerSilence:
    """Tells when brokers do not answer: a line every ten seconds, and an error when the limit is over (seconds).

    A process that was stopped for minutes has not waited for an answer meanwhile.

    >>> moments = iter([0.0, 300.0])
    >>> silence = BrokerSilence(120.0, lambda: next(moments))
    >>> silence.observe(0.5), silence.observe(300.5)
    (None, None)
    """

    limit: float
    clock: Callable[[], float] = time.monotonic
    _looked_at: float | None = field(default=None, init=False)
    #: Ends and lengths of the pauses; the sum of a silence has few of them.
    _pauses: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=100), init=False)
    _logged_at: float = field(default=float("-inf"), init=False)
    _was_silent: bool = field(default=False, init=False)
    _was_the_group: bool = field(default=False, init=False)

    def observe(self, age: float, *, answers_others: bool = False) -> None:
        """Take the seconds since the last answer; raises BackendUnavailable beyond the limit.

        `answers_others`: a broker answers other requests, so it is the group that does not.
        """
        present = self.clock()
        age = self._without_pauses(present, age)
        if age > self.limit:
            silent = "the group has not" if answers_others else "no broker has"
            raise BackendUnavailable(f"{silent} answered for {self.limit:.0f} s: giving up")
        if age <= _LINE_S:
            if self._was_silent:
                self._was_silent = False
                logger.info("The group answers again" if self._was_the_group else "The broker answers again")
        elif present >= self._logged_at + _LINE_S:
            self._logged_at, self._was_silent = present, True
            self._was_the_group = answers_others
            silent = "No answer of the group" if answers_others else "No broker"
            logger.warning("%s for %.0f s, giving up in %.0f s", silent, age, self.limit - age)

    def _without_pauses(self, present: float, age: float) -> float:
        if self._looked_at is not None and present > self._looked_at + _LOOK_S:
            self._pauses.append((present, present - self._looked_at - _LOOK_S))
        self._looked_at = present
        return max(0.0, age - sum(length for end, length in self._pauses if end > present - age))
