"""The only module that decides about a caller's mistake: strict mode raises, production counts and logs.

The code that finds a mistake calls `report` and goes on with the rest of the event. In strict mode `report` raises,
so the same code serves both modes.
"""

import logging
import sys
from contextlib import suppress
from copy import copy
from types import FrameType
from typing import Any

from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.host.ticket_counter import TicketCounter
from tasker_producer.record.identifiers import identifier, text_identifier, whole_number
from tasker_schemas.errors import UsageError

_PACKAGE = "tasker_producer"
_INT = range(1 << 31)


class Misuse:
    """Decides about the mistakes of a publisher's callers, and counts them.

    `lenient` is the same object in its forgiving form, with the same counts: for code that must not raise, such as the
    end of a `with` block. `silent` reports nothing: for values that are converted a second time.
    """

    lenient: "Misuse"
    silent: "Misuse"

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self._reports = True
        self._log = DropLog()
        self._mistakes = TicketCounter()
        self._dropped = TicketCounter()
        self.lenient = copy(self)
        self.lenient.strict = False
        self.silent = copy(self.lenient)
        self.silent._reports = False  # noqa: SLF001  the same class
        self.lenient.lenient, self.lenient.silent = self.lenient, self.silent

    def report(self, error: UsageError) -> None:
        """Raise the mistake in strict mode; else count it and log it once a minute for each line of the service."""
        if self.strict:
            raise error
        if self._reports:
            self._mistakes.add()
            self._write(str(error), "all that fits is published")

    def drop(self, event_name: Any, error: Exception) -> None:
        """Give up an event that cannot be published at all: raise in strict mode, else count it and log it."""
        mistake = error if isinstance(error, UsageError) else unreadable("event", error)
        if self.strict:
            raise mistake from mistake.__cause__ or (error if error is not mistake else None)
        self._mistakes.add()
        self._dropped.add()
        name = event_name if type(event_name) is str else f"({type(event_name).__name__})"
        self._write(f"Error publishing event {name} : misuse: {mistake}", "the event is dropped")

    def identifier(self, field: str, value: Any) -> str | None:
        """Return an id as plain text; a value of a wrong type is a mistake, and its text is taken if it has any."""
        try:
            return identifier(value)
        except Exception as error:  # noqa: BLE001  the id's own code runs here
            why = (
                str(error)
                if type(error) is ValueError or type(value) is str
                else f"its own code raised {type(error).__name__}"
            )
            self.report(UsageError(f"{field}: {why}; got a value of type {type(value).__name__}"))
            return text_identifier(value)

    def whole_number(self, field: str, value: Any) -> int | None:
        """Return a plain whole number below 2³¹; None for None and for any other value, which is a mistake."""
        try:
            number = None if value is None else whole_number(value)
            if number is None or number in _INT:
                return number
        except Exception:  # noqa: BLE001  the number's own code runs here
            number = None
        expected = f"a whole number below {_INT.stop} is expected"
        self.report(UsageError(f"{field}: {expected}; got a value of type {type(value).__name__}"))
        return None

    def truth(self, field: str, value: Any, *, default: bool) -> bool:
        """Return whether a value is true; `default` for None and for a value that cannot say, which is a mistake."""
        try:
            return default if value is None else bool(value)
        except Exception:  # noqa: BLE001  the value's own code runs here
            self.report(UsageError(f"{field}: true or false is expected; got a value of type {type(value).__name__}"))
            return default

    def stats(self) -> dict[str, int]:
        """Return how many mistakes were counted, and how many events were dropped for them."""
        return {"misused": self._mistakes.value(), "dropped_misuse": self._dropped.value()}

    def reset_after_fork(self) -> None:
        """Begin anew in a forked child."""
        self._log.reset_after_fork()
        self._mistakes.reset()
        self._dropped.reset()

    def _write(self, message: str, consequence: str) -> None:
        line = _line_of_caller()
        with suppress(Exception):  # a filter or handler of the service's log may raise
            self._log.log(f"misuse {line}", f"{message} ({consequence}; called at {line})", logging.ERROR)
            self._log.report()


def unreadable(subject: str, error: BaseException) -> UsageError:
    """Return the mistake for an object whose own code fails, without that code's message: it may hold a secret."""
    return UsageError(f"{subject}: it cannot be read, its own code raised {type(error).__name__}")


def _line_of_caller() -> str:
    """Return file and line of the service's code that called this package."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  the only cheap way to the caller's line
    while frame is not None:
        module = frame.f_globals.get("__name__")
        if type(module) is not str or (module != _PACKAGE and not module.startswith(f"{_PACKAGE}.")):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return "unknown line"
