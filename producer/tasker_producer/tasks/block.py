"""The part that tasks and steps share as `with` blocks: start, end, and outcome.

Entering checks first and attaches last; leaving publishes the end first and restores the context after. Leaving never
raises for a reason of ours, in strict mode either, so the service's own exception comes out unchanged. Times of day
come from the wall clock, durations from the monotonic clock: a clock that is set cannot lengthen a step.
"""

import time
from abc import ABC, abstractmethod
from contextlib import suppress
from datetime import timedelta
from enum import Enum
from types import TracebackType
from typing import Any, Protocol, Self

from tasker_producer.record.arguments import Call
from tasker_producer.record.misuse import Misuse, unreadable
from tasker_producer.record.moments import Moment, current_micros
from tasker_producer.record.waiting import waiting_attributes
from tasker_producer.settings import ProducerSettings
from tasker_producer.tasks.binding import BoundCode
from tasker_producer.tasks.outcomes import ErrorTypes, Outcome, outcome_of
from tasker_producer.trace.current import Activation
from tasker_schemas.errors import UsageError
from tasker_schemas.headers import NO_TRACE

# Python 3.11 looks members of an enumeration up slowly.
_FAILED, _RETRIED = Outcome.FAILED, Outcome.RETRIED


class BlockPublisher(Protocol):
    """The part of a publisher that blocks need."""

    settings: ProducerSettings
    misuse: Misuse

    def publish_event(self, name: str, payload: Any = None, **fields: Any) -> None:
        """Publish any event."""
        ...

    def submit(self, name: Any, call: Call, misuse: Misuse, error: Any = None) -> None:
        """Publish an event of a block; `misuse` decides about mistakes."""
        ...


class Block(BoundCode, ABC):
    """A `with` block, also `async with`: entering publishes a start, leaving an end."""

    publisher: BlockPublisher
    trace = NO_TRACE
    _decided: tuple[Outcome, Any] | None = None
    _started_at = 0
    _started_s = 0.0

    def __init__(self, publisher: BlockPublisher, expected: ErrorTypes) -> None:
        self.publisher = publisher
        self.additional_context: dict[str, Any] = {}
        self._expected = _exception_classes(expected, publisher.misuse)
        self._stays: list[Activation | None] = []

    def __enter__(self) -> Self:
        stay: Activation | None = None
        misuse = self.publisher.misuse
        try:
            if self._stays:
                misuse.report(UsageError("a block that is open is entered again: make a second one"))
            else:
                self._started_at, self._started_s = current_micros(), time.perf_counter()
                self._decided = None
                self._publish_start(misuse)
            stay = self._activate()
        except Exception as error:
            if misuse.strict:
                raise
            misuse.report(unreadable("start of a block", error))
        self._stays.append(stay)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            stay = self._stays.pop()
        except IndexError:  # left twice, or never entered
            return
        misuse = self.publisher.misuse.lenient
        try:
            if not self._stays:
                by_error = outcome_of(error, self._expected)
                outcome, reason = self._decided or (by_error, error)
                if by_error is _FAILED and outcome is not _RETRIED:
                    outcome, reason = _FAILED, error
                self._publish_end(outcome, reason, misuse)
        except Exception as failure:  # noqa: BLE001  whatever it is, it is not the service's
            with suppress(Exception):
                misuse.report(unreadable("end of a block", failure))
        finally:
            if stay is not None:
                stay.leave()

    @property
    def is_decided(self) -> bool:
        """Whether `fail`, `cancel` or `skip` has decided how the block ends."""
        return self._decided is not None

    def fail(self, error: Any = None) -> None:
        """End the block as failed when it is left, although nothing is raised; `error` is an exception or a text."""
        self._decided = (Outcome.FAILED, error)

    def cancel(self, reason: str | None = None) -> None:
        """End the block as cancelled when it is left, although nothing is raised."""
        self._decided = (Outcome.CANCELLED, reason)

    def publish_event(self, name: str, payload: Any = None, **fields: Any) -> None:
        """Publish an event inside this block, in whatever thread, task or generator the caller is.

        Raises UsageError in strict mode for a caller's mistake.
        """
        stay = self._activate()
        try:
            self.publisher.publish_event(name, payload, **fields)
        finally:
            stay.leave()

    def wait_for(
        self, reason: str | Enum, *, until: Moment | None = None, silence_limit: float | timedelta | None = None
    ) -> None:
        """Say that the task or step waits: for `"approval"`, for a `"timer"`, or for another thing, as a short word.

        The waiting of a task ends with the next event of the task or of any of its steps; that of a step with its next
        `progress` or `heartbeat`, or with the end of its attempt. As long as it lasts the task is not silent before
        the moment `until`, and may be silent for `silence_limit`, in seconds.
        """
        self._publish_waiting(waiting_attributes(self.publisher.misuse, reason, until, silence_limit))

    @abstractmethod
    def _publish_waiting(self, attributes: dict[str, Any]) -> None:
        """Publish that the task or step waits."""

    @abstractmethod
    def _publish_start(self, misuse: Misuse) -> None:
        """Publish that the block begins."""

    @abstractmethod
    def _publish_end(self, outcome: Outcome, reason: Any, misuse: Misuse) -> None:
        """Publish how the block ended; `reason` is an exception, or the text that the service gave."""

    def _business_context(self) -> Any:
        """Return `additional_context`, whatever the service has set there; None if it is empty."""
        context: Any = self.additional_context
        return None if type(context) is dict and not context else context

    def _times(self) -> dict[str, Any]:
        return {
            "started_at": self._started_at,
            "completed_at": current_micros(),
            "execution_duration": time.perf_counter() - self._started_s,
        }


def _exception_classes(expected: Any, misuse: Misuse) -> tuple[type[BaseException], ...]:
    """Return classes of exceptions as a tuple; anything else is a mistake, and left out."""
    if type(expected) is tuple and not expected:
        return ()
    try:
        classes = expected if isinstance(expected, tuple) else (expected,)
        if all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in classes):
            return classes
    except Exception:  # noqa: BLE001  an object may lie about its class, and may fail at it
        classes = ()
    misuse.report(UsageError("expected: a class of exceptions is expected, or a tuple of such classes"))
    return tuple(kind for kind in classes if isinstance(kind, type) and issubclass(kind, BaseException))
