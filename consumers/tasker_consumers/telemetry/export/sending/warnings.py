"""Warnings that a backend sends with its success, passed on to the log without filling it."""

import logging
import time

logger = logging.getLogger(__name__)

_QUIET_S = 60.0
_MAX_TEXTS = 100  # a backend that writes another text each time must not fill the memory


class BackendWarnings:
    """Logs each text at most once a minute."""

    def __init__(self) -> None:
        self._logged_at: dict[str, float] = {}

    def pass_on(self, message: str, rejected: int) -> None:
        """Log a backend's message about spans that it took; `rejected` is its number, which makes no sense below 0."""
        time_s = time.monotonic()
        text = message or f"{rejected} spans rejected"
        if time_s - self._logged_at.get(text, -_QUIET_S) < _QUIET_S:
            return
        if len(self._logged_at) >= _MAX_TEXTS:
            self._logged_at.clear()
        self._logged_at[text] = time_s
        logger.warning("The trace backend took the spans and says: %s", text)
