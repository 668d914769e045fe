"""The process's own publisher: made from the environment on first use, replaced where a test or a service says so."""

import os
import threading
from types import TracebackType
from typing import Self

from tasker_producer.publisher import EventPublisher


class DefaultPublisher:
    """Returns one publisher for the whole process when it is called.

    The publisher is made from the environment on first use, by one of several threads alone, and made anew after it was
    closed. Raises ConfigurationError for settings that cannot work.
    """

    def __init__(self) -> None:
        self._publisher: EventPublisher | None = None
        self._replacements: list[EventPublisher] = []
        self._new_lock()
        os.register_at_fork(after_in_child=self._new_lock)  # a thread that is gone may hold the old one

    def __call__(self) -> EventPublisher:
        """Return the publisher."""
        if self._replacements:
            return self._replacements[-1]
        publisher = self._publisher
        if publisher is not None and not publisher.is_closed:
            return publisher
        with self._lock:
            if self._publisher is None or self._publisher.is_closed:
                self._publisher = EventPublisher()
            return self._publisher

    def cache_clear(self) -> None:
        """Forget the publisher: the next call makes another one from the environment of then."""
        self._publisher = None

    def replace(self, publisher: EventPublisher) -> None:
        """Return this publisher from now on."""
        self._replacements.append(publisher)

    def restore(self, publisher: EventPublisher) -> None:
        """Take a replacement back, wherever it stands among several."""
        if publisher in self._replacements:
            self._replacements.remove(publisher)

    def _new_lock(self) -> None:
        self._lock = threading.RLock()  # a signal handler may publish while its own thread makes the publisher


default_publisher = DefaultPublisher()


class PublisherReplacement:
    """The time for which a publisher is the process's default: until the `with` block is left, or for good."""

    def __init__(self, publisher: EventPublisher) -> None:
        self._publisher = publisher
        default_publisher.replace(publisher)

    def __enter__(self) -> EventPublisher:
        return self._publisher

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.undo()

    def undo(self) -> Self:
        """Let the process have the default again that it had before."""
        default_publisher.restore(self._publisher)
        return self


def use_publisher(publisher: EventPublisher) -> PublisherReplacement:
    """Make a publisher the process's default: from this call on, or for a `with` block.

    >>> from tasker_producer.testing import RecordingPublisher
    >>> with use_publisher(RecordingPublisher()) as events:
    ...     default_publisher().publish_event("order.paid", {"amount": 5})
    >>> len(events.published("order.paid", amount=5))
    1
    """
    return PublisherReplacement(publisher)
