"""Failures by group: from the store, else from the events of the time asked for."""

# ruff: noqa: PLC0415  the store is an extra of its own

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tasker_consumers.errors.groups import ErrorGroup, TrendParts, gather
from tasker_consumers.errors.rules import read_rules
from tasker_consumers.replay.payload import decode
from tasker_consumers.replay.reading.select_records import SelectedRecords
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.web.sources.sources import Sources
from tasker_consumers.web.views.failures import failure_of
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.errors import PoisonRecord, UsageError

#: Failures that are read from the events at most, and the failures of a page.
_MOST, PAGE = 50_000, 50


class ErrorList(NamedTuple):
    """Groups of failures, and where they are from."""

    groups: list[ErrorGroup]
    source: str
    is_cut: bool = False


def event_failures(sources: Sources, hours: int) -> list[dict[str, Any]]:
    """Return the failures of the last hours, the earliest first. Raises BackendUnavailable without Kafka."""
    failures: list[dict[str, Any]] = sources.answers.get(("failures", hours), lambda: _read(sources, hours))
    return failures


def _read(sources: Sources, hours: int) -> list[dict[str, Any]]:
    settings = sources.settings
    decoder = Decoder(sources.lookup)
    since = max(0, time.time_ns() // 1_000_000 - hours * 3_600_000)
    selection = Selection(events=("step.failed", "task.failed"), since=since, limit=_MOST)
    failures = []
    try:
        for record in SelectedRecords(settings.kafka, selection, settings.topic_prefix, decoder):
            try:
                failure = failure_of(decode(record, decoder))
            except PoisonRecord:
                continue
            if failure is not None:
                failures.append(failure)
    except UsageError:  # no topic of events yet
        return []
    return failures


def error_list(sources: Sources, hours: int, name: str = "") -> ErrorList:
    """Return the groups of the last hours, the most frequent first; `name` keeps those of a task or step."""
    rules = read_rules(sources.settings.error_rules)
    if (reader := sources.store_reader) is not None:
        from tasker_consumers.store.reading.errors import error_group_list

        groups, is_cut = error_group_list(reader, _since(hours), rules, name=name or None)
        return ErrorList(groups, "store", is_cut)
    failures = event_failures(sources, hours)
    rows = (row for row in failures if name in ("", row["task_name"], row["step_name"]))
    return ErrorList(gather(rows, rules), "events", len(failures) >= _MOST)


def group_with_id(sources: Sources, hours: int, group_id: str) -> ErrorGroup | None:
    """Return a group of `error_list` by its id; None when it has no failures in the last hours."""
    if (reader := sources.store_reader) is not None:
        from tasker_consumers.store.reading.errors import error_group

        return error_group(reader, group_id, _since(hours), read_rules(sources.settings.error_rules))
    return next((group for group in error_list(sources, hours).groups if group.id == group_id), None)


def add_trends(sources: Sources, groups: Sequence[ErrorGroup], parts: TrendParts, hours: int, name: str = "") -> None:
    """Add the trends of groups that the store counts; those that were gathered from the events have theirs."""
    if (reader := sources.store_reader) is not None and not any(group.trend for group in groups):
        from tasker_consumers.store.reading.errors import add_trends as add_stored_trends

        rules = read_rules(sources.settings.error_rules)
        add_stored_trends(reader, groups, _since(hours), parts, rules, name=name or None)


def failures_of_group(
    sources: Sources, group: ErrorGroup, hours: int, last_id: str = ""
) -> Sequence[Mapping[str, Any]]:
    """Return a page of a group's failures, the newest first; `last_id` is the id of the last page's last failure."""
    if (reader := sources.store_reader) is not None:
        from tasker_consumers.store.reading.errors import group_failures

        return group_failures(reader, sorted(group.fingerprints), before=last_id or None, limit=PAGE)
    failures = [row for row in event_failures(sources, hours) if row["fingerprint"] in group.fingerprints]
    newest = failures[::-1]
    ids = [failure["event_id"] for failure in newest]
    first = ids.index(last_id) + 1 if last_id in ids else 0
    return newest[first : first + PAGE]


def tasks_of_group(sources: Sources, group: ErrorGroup, hours: int) -> str:
    """Return how many tasks have failures of a group; with a plus where more failures than are looked at may have."""
    if (reader := sources.store_reader) is not None:
        from tasker_consumers.store.reading.errors import MAX_COUNTED, affected_tasks

        count = affected_tasks(reader, sorted(group.fingerprints), _since(hours))
        return f"{count:,}+" if group.count > MAX_COUNTED else f"{count:,}"
    rows = event_failures(sources, hours)
    return f"{len({row['task_id'] for row in rows if row['fingerprint'] in group.fingerprints}):,}"


def _since(hours: int) -> int:
    return max(0, time.time_ns() // 1000 - hours * 3_600_000_000)
