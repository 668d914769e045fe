"""The arguments of `tasker import` as options of the importers."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tasker_consumers.cli.records.moments import read_option_moment
from tasker_consumers.importers import HistoryFormat
from tasker_consumers.importers.options import PlaceOptions, ReadOptions
from tasker_consumers.importers.sources import STANDARD_INPUT
from tasker_schemas.errors import UsageError
from tasker_schemas.names import State

_STATES = (State.COMPLETE, State.ERROR, State.CANCELLED, State.IN_PROGRESS, State.PENDING)


def read_format(arguments: Sequence[str], formats: Sequence[str]) -> tuple[HistoryFormat | None, list[Path]]:
    """Return the format, None where the contents decide, and the files; raise UsageError when no file is named."""
    first, *others = arguments
    if first in formats and not others:
        raise UsageError(f"no file is named: tasker import {first} FILE… (a file of that name is ./{first})")
    history_format, named = (HistoryFormat(first), others) if first in formats else (None, arguments)
    return history_format, [Path(name) for name in named]


def require_files(files: Iterable[Path]) -> None:
    """Raise UsageError that names the files that do not exist; `-` is standard input."""
    if missing := [str(file) for file in files if file != STANDARD_INPUT and not file.exists()]:
        raise UsageError(f"there is no file {', '.join(missing)}")


def read_placing(prefix: str, *, as_if_now: bool, speed: float | None) -> PlaceOptions:
    """Return where events go; moved events get a prefix of their own, as they would mix with those of another time."""
    moves = as_if_now or speed is not None
    if moves and not prefix:
        prefix = f"now-{datetime.now(UTC):%Y%m%dT%H%M%S}:"
    return PlaceOptions(prefix=prefix, as_if_now=as_if_now, speed=speed)


def read_tables(
    columns: str, statuses: Sequence[str], *, zone: str, epoch: str | None, has_header: bool
) -> ReadOptions:
    """Return how tables are read; raise UsageError."""
    try:
        timezone = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"--timezone: {zone!r} is no known zone; expected a name such as Europe/Berlin") from None
    return ReadOptions(
        columns=dict(_pair("--map", part, "task=case_id") for part in columns.split(",") if part),
        statuses=dict(_status(text) for text in statuses),
        has_header=has_header,
        timezone=timezone,
        epoch=0 if epoch is None else read_option_moment("--epoch", epoch) * 1000,
    )


def _pair(option: str, text: str, example: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not (separator and name.strip() and value.strip()):
        raise UsageError(f"{option}: {text!r} is no pair; expected one such as {example}")
    return name.strip(), value.strip()


def _status(text: str) -> tuple[str, State]:
    word, state = _pair("--status", text, "terminated=complete")
    if state not in _STATES:
        raise UsageError(f"--status: {state!r} is no state; expected one of {', '.join(_STATES)}")
    return word.lower(), State(state)
