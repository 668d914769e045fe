"""Warnings that a backend sends with its success, passed on to the log without filling it."""

import logging
import time

logger = logging.getLogger(__name__)

_QUIET_S = 60.0
_MAX_TEXTS = 100  # a backend that writes another text each time must not fill the memory


class BackendWarnings:
    """Logs each text at most once a minute; `backend` and `items` are the nouns of its lines."""

    def __init__(self, backend: str, items: str) -> None:
        self._backend, self._items = backend, items
        self._logged_at: dict[str, float] = {}

    def pass_on(self, message: str, rejected: int) -> None:
        """Log a backend's message about items that it took; `rejected` is its number, which makes no sense below 0."""
        time_s = time.monotonic()
        text = message or f"{rejected} {self._items} rejected"
        if time_s - self._logged_at.get(text, -_QUIET_S) < _QUIET_S:
            return
        if len(self._logged_at) >= _MAX_TEXTS:
            self._logged_at.clear()
        self._logged_at[text] = time_s
        logger.warning("The %s took the %s and says: %s", self._backend, self._items, text)
