"""Errors by group: counts of failures as rows, groups as cells, failures as lines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tasker_consumers.errors.fingerprint import fingerprint_of
from tasker_consumers.errors.groups import ErrorGroup, TrendParts
from tasker_consumers.times import time_text
from tasker_consumers.units import HOUR_US
from tasker_consumers.web.views.charts import Bar, spark
from tasker_consumers.web.views.masking import shown_text
from tasker_producer.masking.masker import Masker
from tasker_schemas.errors import UsageError
from tasker_schemas.names import TaskEvents

_MAX_TEXT = 400
_MOST_DIGITS = 18


def failure_of(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return an event of a failure with the columns of a stored failure and of its count; None for any other event.

    A task whose steps failed has no error of its own: theirs are counted.
    """
    if event["event_name"] == TaskEvents.FAILED and event["error_steps"]:
        return None
    fingerprint = fingerprint_of(event)
    time = event["timestamp"]
    return {
        **{name: event.get(name) for name in ("event_id", "task_id", "task_name", "step_name", "attempt_number")},
        **{name: event.get(name) for name in ("error_message", "error_class", "service", "service_version")},
        "happened_at": time,
        "hour": time // HOUR_US * HOUR_US,
        "first_at": time,
        "last_at": time,
        "count": 1,
        "fingerprint": fingerprint.id,
        "title": fingerprint.title,
        "reason": fingerprint.reason,
    }


class GroupRow(NamedTuple):
    """A group of errors in the list; texts are masked."""

    id: str
    title: str
    reason: str
    number: int
    first: str
    last: str
    names: str
    versions: str
    trend: list[Bar]
    trend_text: str


def page_after(groups: Sequence[ErrorGroup], after: str, size: int) -> list[ErrorGroup]:
    """Return the page of the most frequent groups behind a place, as `place_of` names it; the first page for none.

    Raises UsageError for any other text.
    """
    if after:
        count, _, last_id = after.partition(".")
        if not count.isdecimal() or len(count) > _MOST_DIGITS:
            raise UsageError(f"after is {after[:40]!r}; expected the place that a page of errors names")
        last = (-int(count), last_id)
        groups = [group for group in groups if (-group.count, group.id) > last]
    return list(groups[:size])


def place_of(group: ErrorGroup) -> str:
    """Return the place of a group among others, for the page behind it."""
    return f"{group.count}.{group.id}"


def group_rows(groups: Iterable[ErrorGroup], parts: TrendParts, masker: Masker) -> list[GroupRow]:
    """Return the rows of groups."""
    return [group_row(group, parts, masker) for group in groups]


def group_row(group: ErrorGroup, parts: TrendParts, masker: Masker) -> GroupRow:
    """Return the row of a group."""
    trend = parts.bars(group.trend)
    half = len(trend) // 2
    return GroupRow(
        id=group.id,
        title=shown_text(group.title, masker, _MAX_TEXT),
        reason=shown_text(group.reason, masker, _MAX_TEXT),
        number=group.count,
        first=time_text(group.first_seen),
        last=time_text(group.last_seen),
        names=_names({**group.task_names, **group.step_names}, masker),
        versions=_names(group.versions, masker),
        trend=spark(trend),
        trend_text=f"{sum(trend[:half]):,} in the first half of the time, {sum(trend[half:]):,} in the second",
    )


def _names(counts: Mapping[str, int], masker: Masker, limit: int = 4) -> str:
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    rest = f" and {len(ranked) - limit} more" if len(ranked) > limit else ""
    return shown_text(", ".join(ranked[:limit]), masker, _MAX_TEXT) + rest


class FailureRow(NamedTuple):
    """A failure of a group; texts are masked."""

    time: str
    task_id: str
    name: str
    step: str
    version: str
    message: str


def failure_rows(failures: Sequence[Mapping[str, Any]], masker: Masker) -> list[FailureRow]:
    """Return the rows of failures."""
    return [
        FailureRow(
            time=time_text(failure["happened_at"]),
            task_id=failure["task_id"] or "",
            name=shown_text(failure["task_name"], masker, _MAX_TEXT),
            step=_step(failure, masker),
            version=shown_text(failure["service_version"], masker, _MAX_TEXT),
            message=shown_text(failure["error_message"], masker, _MAX_TEXT),
        )
        for failure in failures
    ]


def _step(failure: Mapping[str, Any], masker: Masker) -> str:
    attempt = failure["attempt_number"] or 1
    name = shown_text(failure["step_name"], masker, _MAX_TEXT)
    return f"{name} attempt {attempt}" if name and attempt > 1 else name
