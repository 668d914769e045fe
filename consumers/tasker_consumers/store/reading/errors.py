"""Questions about errors: the groups with their counts and trends, a group's newest failures, a failure by its id."""

from collections.abc import Iterable, Sequence
from heapq import nlargest
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, ColumnElement, Select, Table, func, literal_column, or_, select, union_all

from tasker_consumers.errors.groups import ErrorGroup, TrendParts, gather
from tasker_consumers.errors.rules import NO_RULES, ErrorRules
from tasker_consumers.store.core.event_keys import first_key
from tasker_consumers.store.reading.reader import Answer, StoreReader
from tasker_consumers.store.tables import error_counts, error_days, error_groups, failed_attempts
from tasker_consumers.units import DAY_US, HOUR_US

#: The most sums that are gathered into groups, the most failures of a page, and those whose tasks are counted.
MAX_SUMS, MAX_PAGE, MAX_COUNTED = 20_000, 1000, 10_000
_NAMES = ("task_name", "step_name", "service", "service_version")
_FIGURES = ("fingerprint", *_NAMES, "count", "first_at", "last_at")


class GroupList(NamedTuple):
    """Groups of failures, the most frequent first; `is_cut` says that rare ones are left out."""

    groups: list[ErrorGroup]
    is_cut: bool


def sums_query(since: int, name: str | None = None, fingerprints: Sequence[str] = ()) -> Select[Any]:
    """Return the query of the failures by group and names since the full hour of a time (microseconds).

    `name` keeps the failures of tasks or steps of this name, `fingerprints` those of these. The most frequent come
    first, a row more than `MAX_SUMS` at most.
    """
    counts = _counted(since, name, fingerprints)
    names = [counts[figure] for figure in ("fingerprint", *_NAMES)]
    sums = (
        select(
            *names,
            func.sum(counts.count).label("count"),
            func.min(counts.first_at).label("first_at"),
            func.max(counts.last_at).label("last_at"),
        )
        .group_by(*names)
        .order_by(func.sum(counts.count).desc())
        .limit(MAX_SUMS + 1)
        .subquery("sums")
    )
    groups = error_groups.c
    return select(sums, groups.title, groups.error_class, groups.reason, groups.version).join_from(
        sums, error_groups, sums.c.fingerprint == groups.fingerprint
    )


def error_group_list(
    reader: StoreReader, since: int, rules: ErrorRules = NO_RULES, *, name: str | None = None
) -> GroupList:
    """Return the groups of the failures since a time (microseconds), without their trends.

    `name` keeps the failures of tasks or steps of this name.
    """
    return _gathered(reader.all(sums_query(since, name)), rules)


def error_group(
    reader: StoreReader, group_id: str, since: int, rules: ErrorRules = NO_RULES, *, name: str | None = None
) -> ErrorGroup | None:
    """Return a group as `error_group_list` has it; None when it has no failures since a time (microseconds).

    The counts of its own fingerprints are read, and those of all where a rule merges classes into it.
    """
    fingerprints = rules.fingerprints_of(group_id) or ()
    groups = _gathered(reader.all(sums_query(since, name, fingerprints)), rules).groups
    return next((group for group in groups if group.id == group_id), None)


def _gathered(rows: Sequence[Answer], rules: ErrorRules) -> GroupList:
    groups = gather(({**row, "count": int(row["count"])} for row in rows), rules)  # PostgreSQL adds up as decimals
    return GroupList(groups, len(rows) > MAX_SUMS)


def trends_query(
    fingerprints: Iterable[str],
    since: int,
    parts: TrendParts,
    dimensions: Iterable[str] = (),
    name: str | None = None,
) -> Select[Any]:
    """Return the query of the failures of fingerprints by part of the time, and by these names."""
    counts = _counted(since, name, sorted(fingerprints), by_hour=parts.width % DAY_US > 0)
    # Literals: parameters would stand twice in the statement, and PostgreSQL would take them for two expressions.
    start, width = (literal_column(str(number), BigInteger) for number in (parts.start, parts.width))
    part = ((counts.at - start) // width).label("part")
    keys = [counts.fingerprint, *(counts[dimension] for dimension in dimensions)]
    return select(*keys, part, func.sum(counts.count).label("count")).group_by(*keys, part)


def add_trends(
    reader: StoreReader,
    groups: Sequence[ErrorGroup],
    since: int,
    parts: TrendParts,
    rules: ErrorRules = NO_RULES,
    *,
    name: str | None = None,
) -> None:
    """Add the trends of groups as `error_group_list` has them, asked with the same rules and the same name."""
    owners = {fingerprint: group for group in groups for fingerprint in group.fingerprints}
    by_id = {group.id: group for group in groups}
    dimensions = sorted({rules.split[fingerprint] for fingerprint in owners if fingerprint in rules.split})
    if not owners:
        return
    for row in reader.all(trends_query(owners, since, parts, dimensions, name)):
        fingerprint = row["fingerprint"]
        owner = by_id.get(rules.group_of(row)) if fingerprint in rules.split else owners[fingerprint]
        if owner is not None:
            owner.add_part(parts.start + row["part"] * parts.width, int(row["count"]))


def _counted(since: int, name: str | None, fingerprints: Sequence[str] = (), *, by_hour: bool = False) -> Any:
    """Return the columns of the counts since the full hour of a time, of these fingerprints or of all.

    Whole days are read from the counts by day, and the rest of the first day from those by hour, if not all are.
    """
    first_day = -(-since // DAY_US) * DAY_US

    def rows(table: Table, part: Column[Any], *conditions: ColumnElement[bool]) -> Select[Any]:
        query = select(part.label("at"), *(table.c[figure] for figure in _FIGURES)).where(*conditions)
        if fingerprints:
            query = query.where(table.c.fingerprint.in_(fingerprints))
        return query if name is None else query.where(or_(table.c.task_name == name, table.c.step_name == name))

    hour, day = error_counts.c.hour, error_days.c.day
    hours = rows(error_counts, hour, hour >= since // HOUR_US * HOUR_US)
    if by_hour:
        return hours.subquery("counts").c
    return union_all(hours.where(hour < first_day), rows(error_days, day, day >= first_day)).subquery("counts").c


def affected_query(fingerprints: Sequence[str], since: int, limit: int) -> Select[Any]:
    """Return the query of the number of tasks among so many failures; their index has all that it reads."""
    failures = failed_attempts.c
    failed = (
        select(failures.task_id)
        .where(failures.fingerprint.in_(list(fingerprints)), failures.event_id >= first_key(since))
        .limit(limit)
        .subquery("failed")
    )
    return select(func.count(failed.c.task_id.distinct()).label("tasks"))


def affected_tasks(reader: StoreReader, fingerprints: Sequence[str], since: int, limit: int = MAX_COUNTED) -> int:
    """Return how many tasks have failures of these fingerprints since a time (microseconds).

    Of more than `limit` failures not all are looked at: then there are at least so many tasks.
    """
    row = reader.first(affected_query(fingerprints, since, limit))
    return int(row["tasks"]) if row else 0


def group_failures(
    reader: StoreReader, fingerprints: Sequence[str], *, before: str | None = None, limit: int = 50
) -> list[Answer]:
    """Return a page of the failures of these fingerprints, the newest first; `before` is the last page's `event_id`."""
    failures, count = failed_attempts.c, min(limit, MAX_PAGE)

    def newest(fingerprint: str) -> list[Answer]:
        query = select(failed_attempts).where(failures.fingerprint == fingerprint)
        if before is not None:
            query = query.where(failures.event_id < before)
        return reader.all(query.order_by(failures.event_id.desc()).limit(count))

    # Each by itself: for several at once PostgreSQL would sort all failures that they ever had.
    rows = (row for fingerprint in fingerprints for row in newest(fingerprint))
    return nlargest(count, rows, key=itemgetter("event_id"))


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
