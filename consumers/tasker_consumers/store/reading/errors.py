"""Questions about errors: the groups with their counts, a group's newest failures, a failure by its id."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from tasker_consumers.errors.groups import ErrorGroup, gather
from tasker_consumers.errors.rules import NO_RULES, ErrorRules
from tasker_consumers.store.core.event_keys import HOUR_US, first_key
from tasker_consumers.store.reading.reader import Answer, StoreReader
from tasker_consumers.store.tables import error_counts, error_groups, failed_attempts

#: The most counts that are gathered into groups, the most failures of a page, and those whose tasks are counted.
MAX_COUNTS, MAX_PAGE, MAX_COUNTED = 200_000, 1000, 20_000
#: The parts of time that a trend has at most; each is a number of whole hours.
_TREND_PARTS = 96


def counts_query(since: int, until: int) -> Select[Any]:
    """Return the query of all counts since a time (microseconds), from its full hour on.

    The database adds up the hours of each part of the trend, so that a month is no more rows than four days.
    """
    counts, groups = error_counts.c, error_groups.c
    width = max(1, -(-(until - since) // (_TREND_PARTS * HOUR_US))) * HOUR_US
    part = (counts.hour // width * width).label("hour")
    names = (counts.fingerprint, counts.task_name, counts.step_name, counts.service, counts.service_version)
    totals = (
        select(
            *names,
            part,
            func.sum(counts.count).label("count"),
            func.min(counts.first_at).label("first_at"),
            func.max(counts.last_at).label("last_at"),
        )
        .where(counts.hour >= since // HOUR_US * HOUR_US)
        .group_by(*names, part)
        .limit(MAX_COUNTS)
        .subquery("totals")
    )
    return select(totals, groups.title, groups.error_class, groups.reason, groups.version).join_from(
        totals, error_groups, totals.c.fingerprint == groups.fingerprint
    )


def error_group_list(
    reader: StoreReader, since: int, rules: ErrorRules = NO_RULES, *, name: str | None = None
) -> list[ErrorGroup]:
    """Return the groups of the failures since a time (microseconds), the most frequent first.

    `name` keeps the failures of tasks or steps of this name.
    """
    rows = reader.all(counts_query(since, time.time_ns() // 1000))
    rows = [{**row, "count": int(row["count"])} for row in rows]  # PostgreSQL adds up as decimals
    return gather((row for row in rows if name is None or name in (row["task_name"], row["step_name"])), rules)


def affected_tasks(reader: StoreReader, fingerprints: Sequence[str], since: int) -> int:
    """Return how many tasks have failures of these fingerprints since a time (microseconds).

    Of more than `MAX_COUNTED` failures not all are looked at: then there are at least so many tasks.
    """
    failures = failed_attempts.c
    failed = (
        select(failures.task_id)
        .where(failures.fingerprint.in_(list(fingerprints)), failures.event_id >= first_key(since))
        .limit(MAX_COUNTED)
        .subquery("failed")
    )
    row = reader.first(select(func.count(failed.c.task_id.distinct()).label("tasks")))
    return int(row["tasks"]) if row else 0


def group_failures(
    reader: StoreReader, fingerprints: Sequence[str], *, before: str | None = None, limit: int = 50
) -> list[Answer]:
    """Return a page of the failures of these fingerprints, the newest first; `before` is the last page's `event_id`."""
    failures = failed_attempts.c
    query = select(failed_attempts).where(failures.fingerprint.in_(list(fingerprints)))
    if before is not None:
        query = query.where(failures.event_id < before)
    return reader.all(query.order_by(failures.event_id.desc()).limit(min(limit, MAX_PAGE)))


def failure(reader: StoreReader, event_id: str) -> Answer | None:
    """Return a failed attempt with the reason of its group; None for an id that the store does not have."""
    groups = error_groups.c
    return reader.first(
        select(failed_attempts, groups.version, groups.reason, groups.title, groups.parts)
        .join_from(failed_attempts, error_groups, failed_attempts.c.fingerprint == groups.fingerprint)
        .where(failed_attempts.c.event_id == event_id)
    )


def fingerprint_row(reader: StoreReader, fingerprint: str) -> Answer | None:
    """Return how a fingerprint was made: version, reason, title, parts."""
    return reader.first(select(error_groups).where(error_groups.c.fingerprint == fingerprint))
