"""The store, if there is one: its reader, opened as soon as its database can be read."""

# ruff: noqa: PLC0415  the store is an extra of its own

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tasker_consumers.settings import ConsumerSettings
from tasker_schemas.errors import TaskerEventsError

if TYPE_CHECKING:
    from tasker_consumers.store.reading.reader import StoreReader

#: Seconds between two looks whether there is a store now.
_LOOK_EVERY_S = 10.0


class Stored:
    """The way to the store; `reader` is None while it cannot be read, and `reason` says why."""

    def __init__(self, settings: ConsumerSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._reader: StoreReader | None = None
        self._looked_at = float("-inf")
        self.reason: str | None = None

    @property
    def reader(self) -> "StoreReader | None":
        """The reader of the store; None while there is none."""
        with self._lock:
            if self._reader is None and time.monotonic() - self._looked_at > _LOOK_EVERY_S:
                self._open()
                self._looked_at = time.monotonic()
            return self._reader

    def close(self) -> None:
        """Close all connections."""
        if self._reader is not None:
            self._reader.close()

    def _open(self) -> None:
        from tasker_consumers.store.reading.opening import open_store

        try:
            self._reader, self.reason = open_store(self._settings.database), None
        except TaskerEventsError as error:
            self.reason = str(error)


@contextmanager
def open_stored(settings: ConsumerSettings) -> Iterator[Stored | None]:
    """Yield the way to the store; None where its libraries are not installed."""
    try:
        import sqlalchemy
    except ModuleNotFoundError:
        yield None
        return
    assert sqlalchemy
    stored = Stored(settings)
    try:
        yield stored
    finally:
        stored.close()
