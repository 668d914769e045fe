"""Counts of failures, gathered into the groups that people see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tasker_consumers.errors.rules import NO_RULES, ErrorRules

HOUR_US = 3600 * 1_000_000


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
        """Add a count of an hour."""
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
        self.trend[row["hour"]] = self.trend.get(row["hour"], 0) + count


def gather(rows: Iterable[Mapping[str, Any]], rules: ErrorRules = NO_RULES) -> list[ErrorGroup]:
    """Return the groups of counts, the most frequent first.

    A row has the columns of `error_counts`, and `title`, `error_class` and `reason` of its fingerprint.
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


def bars(trend: Mapping[int, int], since: int, until: int, count: int = 24) -> list[int]:
    """Return a trend as `count` numbers, each the failures of an equal part of the time from `since` to `until`.

    >>> bars({0: 2, HOUR_US: 3}, 0, 2 * HOUR_US, count=2)
    [2, 3]
    """
    width = max(1, (until - since) // count)
    parts = [0] * count
    for hour, failures in trend.items():
        place = (hour - since) // width
        parts[min(max(place, 0), count - 1)] += failures
    return parts


def _words(group_id: str, row: Mapping[str, Any]) -> tuple[str, str]:
    """Return title and reason of a group."""
    fingerprint, _, value = group_id.partition("/")
    if group_id == row["fingerprint"]:
        return row["title"], row["reason"]
    if fingerprint == row["fingerprint"]:
        return f"{row['title']} ({value})", f"{row['reason']}, split by a rule"
    return group_id, "merged by a rule"
