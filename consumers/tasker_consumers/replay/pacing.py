"""The speed of a replay: as fast as it goes, in step with the events' own times, or so many a second."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.record_facts import read_event_time
from tasker_schemas.errors import UsageError
from tasker_schemas.headers import CE_TIME

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast records go on: `speed` times the speed of their events, at most `rate` a second; None is no limit."""

    speed: float | None = None
    rate: float | None = None

    def paced(
        self,
        records: Iterable[StoredRecord],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> Iterator[StoredRecord]:
        """Yield records, each not before its time; a record whose event has no time follows the record before."""
        begun = clock()
        first: int | None = None
        for number, record in enumerate(records):
            due = begun if self.rate is None else begun + number / self.rate
            happened = _happened(record)
            if self.speed is not None and happened is not None:
                first = happened if first is None else first
                due = max(due, begun + (happened - first) / _MICROS / self.speed)
            if (pause := due - clock()) > 0:
                sleep(pause)
            yield record


def read_speed(text: str) -> float | None:
    """Return the factor of `--speed`; None for `max`.

    >>> read_speed("max"), read_speed("10")
    (None, 10.0)

    Raises UsageError for anything else.
    """
    if text.strip() == "max":
        return None
    return _positive("--speed", text, "max, 1 for the speed of the events, or a factor like 10")


def read_rate(text: str) -> float:
    """Return the records a second of `--at-most`: `200` or `200/s`.

    Raises UsageError for anything else.
    """
    return _positive("--at-most", text.strip().removesuffix("/s"), "records a second, like 200")


def _positive(option: str, text: str, expected: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise UsageError(f"{option} is {text!r}; expected {expected}")
    return number


def _happened(record: StoredRecord) -> int | None:
    """Return the time of a record's event in microseconds, else that of its arrival."""
    happened = read_event_time(record.header(CE_TIME))
    if happened is None and record.timestamp is not None:
        return record.timestamp * 1000
    return happened
