"""The options that select records, the same for all commands."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.records.moments import read_option_moment
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family

if TYPE_CHECKING:
    from tasker_consumers.replay.selection.selection import Selection

_PANEL = "Which records"
_TIMES = "2026-01-31T14:00, with +01:00 or as UTC; 14:00; yesterday; or 90s, 15m, 2h, 7d, 1w ago"


@dataclass(frozen=True, kw_only=True)
class SelectionOptions:
    """The selection as the command line has it."""

    task_id: Annotated[
        str | None,
        typer.Option("--task-id", "--task", metavar="ID", help="Records of this task; reads its partition only."),
    ] = None
    trace_id: Annotated[str | None, typer.Option(metavar="ID", help="Records of this trace: 32 hex digits.")] = None
    correlation_id: Annotated[str | None, typer.Option(metavar="ID", help="Records with this correlation id.")] = None
    family: Annotated[
        list[Family] | None,
        typer.Option(metavar="FAMILY", help=f"Events of this family ({', '.join(Family)}); may be repeated."),
    ] = None
    event: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Events of this name, or pattern like 'step.*'; may be repeated."),
    ] = None
    step_name: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Events of steps of this name; may be repeated.")
    ] = None
    service: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Events sent by this service; may be repeated.")
    ] = None
    version: Annotated[
        list[str] | None, typer.Option(metavar="VERSION", help="Events sent by this version; may be repeated.")
    ] = None
    header: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Records with this header; may be repeated.")
    ] = None
    errors_only: Annotated[bool, typer.Option("--errors-only", help="Events that report a failure.")] = False
    since: Annotated[str | None, typer.Option(metavar="TIME", help=f"Records that arrived from then on: {_TIMES}.")] = (
        None
    )
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Records that arrived before.")] = None
    happened_after: Annotated[
        str | None, typer.Option(metavar="TIME", help="Events that happened from then on, whenever they arrived.")
    ] = None
    happened_before: Annotated[str | None, typer.Option(metavar="TIME", help="Events that happened before.")] = None
    offset: Annotated[
        list[str] | None,
        typer.Option(metavar="PARTITION:OFFSET", help="This partition, from this offset on; may be repeated."),
    ] = None
    limit: Annotated[int | None, typer.Option(metavar="N", help="At most so many records.")] = None

    def selection(self) -> "Selection":
        """Return the selection as a value; raises UsageError for an option that cannot mean anything."""
        from tasker_consumers.replay.selection.selection import Selection

        return Selection(
            task_id=_filled("--task-id", self.task_id),
            trace_id=_trace_id(self.trace_id),
            correlation_id=_filled("--correlation-id", self.correlation_id),
            families=frozenset(self.family or Family),
            events=tuple(self.event or ()),
            step_names=_names("--step-name", self.step_name),
            services=_names("--service", self.service),
            versions=_names("--version", self.version),
            headers=tuple(_header(text) for text in self.header or ()),
            errors_only=self.errors_only,
            since=_moment("--since", self.since),
            until=_moment("--until", self.until),
            happened_after=_micros(_moment("--happened-after", self.happened_after)),
            happened_before=_micros(_moment("--happened-before", self.happened_before)),
            starts=tuple(read_offset(text) for text in self.offset or ()),
            limit=_positive("--limit", self.limit),
        )


def _filled(option: str, text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise UsageError(f"{option} is empty; expected a value")
    return text


def _names(option: str, texts: list[str] | None) -> frozenset[str]:
    for text in texts or ():
        _filled(option, text)
    return frozenset(texts or ())


def _trace_id(text: str | None) -> str | None:
    if text is None:
        return None
    digits = text.strip().lower()
    if len(digits) != 32 or set(digits) - set("0123456789abcdef") or not digits.strip("0"):  # noqa: PLR2004
        raise UsageError(f"--trace-id is {text!r}; expected 32 hex digits that are not all zero")
    return digits


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"--header is {text!r}; expected NAME=VALUE, like ce_source=shop")
    return name, value


def _moment(option: str, text: str | None) -> int | None:
    return None if text is None else read_option_moment(option, text)


def _micros(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else milliseconds * 1000


def read_offset(text: str) -> tuple[int, int]:
    """Return partition and offset from the text of `--offset`; raises UsageError for other text."""
    partition, _, offset = text.partition(":")
    if not (partition.isdecimal() and offset.isdecimal() and len(offset) < 19 and len(partition) < 9):  # noqa: PLR2004
        raise UsageError(f"--offset is {text!r}; expected PARTITION:OFFSET, like 3:1200")
    return int(partition), int(offset)


def _positive(option: str, number: int | None) -> int | None:
    if number is not None and number < 1:
        raise UsageError(f"{option} is {number}; expected a number from 1")
    return number
