"""Counts of failures, gathered into the groups that people see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tasker_consumers.errors.rules import NO_RULES, ErrorRules
from tasker_consumers.units import DAY_US, HOUR_US

#: A trend over a longer time has parts of whole days.
_LONGEST_OF_HOURS = 8 * DAY_US


@dataclass(frozen=True, slots=True)
class TrendParts:
    """Equal parts of a time, each of whole hours or, where the time is long, of whole days; in microseconds."""

    start: int
    width: int
    count: int

    @classmethod
    def of(cls, since: int, until: int, most: int) -> "TrendParts":
        """Return at most so many parts that begin at full hours or days and cover a time.

        >>> TrendParts.of(90 * 60 * 1_000_000, 5 * HOUR_US, 3)
        TrendParts(start=3600000000, width=7200000000, count=2)
        """
        unit = HOUR_US if until - since <= _LONGEST_OF_HOURS else DAY_US
        start = since // unit * unit
        units = max(1, -(-(until - start) // unit))
        width = -(-units // most)
        return cls(start, width * unit, -(-units // width))

    def bars(self, trend: Mapping[int, int]) -> list[int]:
        """Return a number of failures for each part; `trend` has counts by time.

        >>> TrendParts(0, 2 * HOUR_US, 2).bars({0: 2, HOUR_US: 1, 3 * HOUR_US: 3})
        [3, 3]
        """
        bars = [0] * self.count
        for time, failures in trend.items():
            bars[min(max((time - self.start) // self.width, 0), self.count - 1)] += failures
        return bars


@dataclass(slots=True)
class ErrorGroup:
    """Failures that are shown together; times in microseconds. `trend` counts by parts of time, by their begin."""

    id: str
    title: str
    error_class: str | None
    reason: str
    count: int = 0
    first_seen: int = 0
    last_seen: int = 0
    fingerprints: set[str] = field(default_factory=set)
    task_names: dict[str, int] = field(default_factory=dict)
    step_names: dict[str, int] = field(default_factory=dict)
    services: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    trend: dict[int, int] = field(default_factory=dict)

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a count of names, and of an hour if it has one."""
        count = row["count"]
        self.first_seen = min(self.first_seen or row["first_at"], row["first_at"])
        self.last_seen = max(self.last_seen, row["last_at"])
        self.count += count
        self.fingerprints.add(row["fingerprint"])
        for counts, name in (
            (self.task_names, row["task_name"]),
            (self.step_names, row["step_name"]),
            (self.services, row["service"]),
            (self.versions, row["service_version"]),
        ):
            if name:
                counts[name] = counts.get(name, 0) + count
        if "hour" in row:
            self.add_part(row["hour"], count)

    def add_part(self, time: int, count: int) -> None:
        """Add the failures of a part of time to the trend."""
        self.trend[time] = self.trend.get(time, 0) + count


def gather(rows: Iterable[Mapping[str, Any]], rules: ErrorRules = NO_RULES) -> list[ErrorGroup]:
    """Return the groups of counts, the most frequent first.

    A row has the columns of `error_counts`, and `title`, `error_class` and `reason` of its fingerprint; its hour may be
    absent.
    """
    groups: dict[str, ErrorGroup] = {}
    for row in rows:
        group_id = rules.group_of(row)
        group = groups.get(group_id)
        if group is None:
            title, reason = _words(group_id, row)
            group = groups[group_id] = ErrorGroup(group_id, title, row["error_class"], reason)
        group.add(row)
    return sorted(groups.values(), key=lambda group: (-group.count, group.id))


def _words(group_id: str, row: Mapping[str, Any]) -> tuple[str, str]:
    """Return title and reason of a group."""
    fingerprint, _, value = group_id.partition("/")
    if group_id == row["fingerprint"]:
        return row["title"], row["reason"]
    if fingerprint == row["fingerprint"]:
        return f"{row['title']} ({value})", f"{row['reason']}, split by a rule"
    return group_id, "merged by a rule"
