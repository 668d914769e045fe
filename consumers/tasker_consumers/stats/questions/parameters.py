"""Parameters that several HTTP questions have: a status, a time, and the page of a long answer."""

from collections.abc import Container
from datetime import UTC, datetime
from functools import partial

from tasker_consumers.engine.web.questions import Parameter
from tasker_consumers.stats.core.derive import status_of, waits_of
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.questions.paging import Position, read_cursor
from tasker_consumers.times import read_moment
from tasker_consumers.waits import STATUSES
from tasker_schemas.errors import UsageError
from tasker_schemas.names import State
from tasker_schemas.waiting import WAITING

DEFAULT_LIMIT, MOST = 100, 1000
_TIME_FORMATS = "2026-01-31T14:00 (UTC), 14:00, yesterday, how long ago (90s, 15m, 2h, 7d), or microseconds since 1970"


def status_parameter() -> Parameter:
    """Return the parameter `status`, read as a set of statuses."""
    statuses = ", ".join(STATUSES)
    return Parameter(
        name="status",
        meaning=f"Only tasks with these statuses, separated by commas: {statuses}. The record of a task that waits has "
        f"another status than {WAITING}.",
        expected=f"some of {statuses}",
        schema={"type": "array", "items": {"type": "string", "enum": [*STATUSES]}},
        read=_read_statuses,
    )


def has_status(state: TaskState, statuses: Container[str]) -> bool:
    """Return the same as `waits.has_status` of a task's statistics, without deriving all of them."""
    status = status_of(state)
    return status in statuses or (WAITING in statuses and status != State.ABANDONED and bool(waits_of(state)))


def since_parameter(meaning: str) -> Parameter:
    """Return the parameter `since`, read as microseconds."""
    meaning = f"{meaning} {_TIME_FORMATS}."
    return Parameter(name="since", meaning=meaning, expected=_TIME_FORMATS, schema={"type": "string"}, read=_read_time)


def page_parameters(like: Position) -> tuple[Parameter, ...]:
    """Return the parameters of all long answers; `like` has the types of a row's position."""
    return (
        Parameter(
            name="limit",
            meaning=f"The largest number of rows in the answer, 1 to {MOST}.",
            expected=f"a whole number from 1 to {MOST}",
            schema={"type": "integer", "minimum": 1, "maximum": MOST},
            read=_limit,
            default=DEFAULT_LIMIT,
        ),
        Parameter(
            name="after",
            meaning="`next` of the previous page, to get the page after it; repeat the other parameters.",
            expected="`next` of an answer to the same question",
            schema={"type": "string"},
            read=partial(read_cursor, like=like),
        ),
    )


def _read_time(text: str) -> int:
    if text.isdecimal():
        return int(text)
    try:
        return read_moment(text, datetime.now(UTC)) * 1000
    except UsageError as error:
        raise ValueError(text) from error


def _limit(text: str) -> int:
    if not 1 <= int(text) <= MOST:
        raise ValueError(text)
    return int(text)


def _read_statuses(text: str) -> frozenset[str]:
    statuses = frozenset(text.split(","))
    if not statuses <= {*STATUSES}:
        raise ValueError(text)
    return statuses
