"""Answers about errors for people: groups with the tasks they touch, and the reason of a group."""

import time
from dataclasses import dataclass
from typing import Any

from tasker_consumers.errors.groups import ErrorGroup, TrendParts
from tasker_consumers.errors.rules import ErrorRules
from tasker_consumers.store.reading.errors import (
    MAX_COUNTED,
    add_trends,
    affected_tasks,
    error_group,
    error_group_list,
    failure,
    fingerprint_row,
    group_failures,
)
from tasker_consumers.store.reading.reader import Answer, StoreReader
from tasker_schemas.errors import UsageError

_BARS = " ▁▂▃▄▅▆▇█"
_BAR_COUNT = 12
#: Failures whose tasks are counted at most: for each of a list of groups, and for a group by itself.
_COUNTED_IN_LIST = 2_000


@dataclass(frozen=True, slots=True)
class GroupAnswer:
    """A group of failures since a time (microseconds), and how many tasks have them."""

    group: ErrorGroup
    tasks: int
    parts: TrendParts
    #: Whether more tasks may have failures than were counted.
    is_at_least: bool

    def trend(self) -> list[int]:
        """Return the failures in each of at most twelve equal parts of the time."""
        return self.parts.bars(self.group.trend)

    def sparkline(self) -> str:
        """Return the trend as a line of bars."""
        trend = self.trend()
        highest = max(trend)
        return "".join(_BARS[-(-count * (len(_BARS) - 1) // highest) if highest else 0] for count in trend)

    def shown_tasks(self) -> str:
        """Return the number of tasks; with a plus where more failures than were looked at may have others."""
        return f"{self.tasks}+" if self.is_at_least else str(self.tasks)

    def document(self) -> dict[str, Any]:
        """Return the group as JSON has it; times in microseconds."""
        group = self.group
        return {
            "group": group.id, "title": group.title, "error_class": group.error_class, "reason": group.reason,
            "count": group.count, "tasks": self.tasks, "first_seen": group.first_seen, "last_seen": group.last_seen,
            "fingerprints": sorted(group.fingerprints), "task_names": group.task_names, "step_names": group.step_names,
            "services": group.services, "versions": group.versions, "trend": self.trend(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which failures are asked for: since a time (microseconds), of tasks or steps of a name, by these rules."""

    since: int
    rules: ErrorRules
    name: str | None = None


def group_answers(reader: StoreReader, question: Question, limit: int) -> tuple[list[GroupAnswer], bool]:
    """Return the most frequent groups, and whether the rarest of all are left out."""
    groups, is_cut = error_group_list(reader, question.since, question.rules, name=question.name)
    return _answers(reader, question, groups[:limit], _COUNTED_IN_LIST), is_cut


def group_answer(reader: StoreReader, question: Question, group: str) -> GroupAnswer:
    """Return the group with an id, or with the only id that begins so; raises UsageError where no or several do."""
    exact = error_group(reader, group, question.since, question.rules, name=question.name)
    found = [exact] if exact else _groups_that_begin(reader, question, group)
    if len(found) != 1:
        count = f"{len(found)} groups begin so" if found else "no group has failures in this time"
        raise UsageError(f"--group is {group!r}: {count}; expected a group of `tasker errors`, or a longer --since")
    return _answers(reader, question, found, MAX_COUNTED)[0]


def _groups_that_begin(reader: StoreReader, question: Question, beginning: str) -> list[ErrorGroup]:
    groups = error_group_list(reader, question.since, question.rules, name=question.name).groups
    return [group for group in groups if group.id.startswith(beginning)]


def _answers(reader: StoreReader, question: Question, groups: list[ErrorGroup], limit: int) -> list[GroupAnswer]:
    parts = TrendParts.of(question.since, time.time_ns() // 1000, _BAR_COUNT)
    add_trends(reader, groups, question.since, parts, question.rules, name=question.name)
    return [
        GroupAnswer(
            group, affected_tasks(reader, sorted(group.fingerprints), question.since, limit), parts, group.count > limit
        )
        for group in groups
    ]


def failures_of(reader: StoreReader, answer: GroupAnswer, limit: int) -> list[Answer]:
    """Return the newest failures of a group."""
    return group_failures(reader, sorted(answer.group.fingerprints), limit=limit)


def explanation_of(reader: StoreReader, subject: str, rules: ErrorRules) -> dict[str, Any] | None:
    """Return why failures are in a group, for an id of a group, a fingerprint or a failure; None if there is none."""
    found = failure(reader, subject) if len(subject) == _EVENT_ID_LENGTH else None
    fingerprint = found["fingerprint"] if found else subject.partition("/")[0]
    row = fingerprint_row(reader, fingerprint)
    if row is None:
        return _merged(subject, rules)
    kind, *parts = row["parts"]
    answer = {"group": fingerprint, "title": row["title"], "rule": f"version {row['version']}, {row['reason']}"}
    answer |= {"compared": [f"{kind}:", *parts]}
    if found is None:
        newest = group_failures(reader, [fingerprint], limit=1)
        found = newest[0] if newest else None
    if found is not None:
        shown = rules.group_of({**found, "error_class": row["error_class"]})
        if shown != fingerprint:
            answer["shown as"] = f"{shown}, by a rule of TASKER_ERROR_RULES"
        answer["example"] = f"{found['event_id']}: {found['error_class']}: {found['error_message']}"
        answer["backtrace"] = found["backtrace"] or []
        answer["record"] = f"{found['topic']}/{found['partition']}/{found['offset']}"
    return answer


_EVENT_ID_LENGTH = 36


def _merged(subject: str, rules: ErrorRules) -> dict[str, Any] | None:
    """Return the explanation of a group that a rule makes."""
    for rule in rules.merge:
        if rule.into == subject:
            members = [f"group {name}" for name in rule.groups] + [f"class {name}" for name in rule.classes]
            return {"group": subject, "rule": "merged by TASKER_ERROR_RULES", "compared": members}
    return None
