"""How the databases execute the questions to the store: by an index, whatever the size of the tables."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Select, make_url

from tasker_consumers.errors.groups import ErrorGroup, TrendParts
from tasker_consumers.store.database import is_sqlite, open_database
from tasker_consumers.store.reading import attempts, errors, letters, tasks
from tasker_consumers.store.reading.reader import Answer, StoreReader
from tasker_consumers.units import DAY_US
from tests.support.store.rows import NOW

#: A table that is read from its first to its last row, in the words of both databases.
_FULL_SCAN = re.compile(
    r"Seq Scan on \w+|^SCAN (failed_attempts|step_attempts|custom_events|payloads|task_stats|error_counts|error_days)$",
    re.MULTILINE,
)
#: The counts of a fingerprint, and those of a time, in the words of both databases.
_COUNTS_BY_KEY = re.compile(r"Index (?:Only )?Scan using error_(?:counts|days)_pkey|INDEX \w+_error_(?:counts|days)_1")
_COUNTS_BY_TIME = re.compile(r"error_(?:counts_by_hour|days_by_day)")
#: An index that has all columns that are asked for.
_INDEX_ONLY = re.compile(r"Index Only Scan using \w+|USING COVERING INDEX failed_attempts_by_group")
_SORT = re.compile(r"\bSort\b|TEMP B-TREE")


class PlannedReader(StoreReader):
    """Keeps the plan of each query that it is asked."""

    def __init__(self, url: str) -> None:
        super().__init__(open_database(url))
        self.plans: list[str] = []

    def all(self, query: Select[Any]) -> list[Answer]:
        """Note how the query would be executed, and execute it."""
        self.plans.append(self.plan(query))
        return super().all(query)


@pytest.fixture
def planned_reader(store_url: str) -> Any:
    """A reader of a database that reads whole tables only where no index helps."""
    engine = open_database(store_url)
    if not is_sqlite(engine):
        with engine.begin() as connection:
            for setting in ("enable_seqscan", "enable_bitmapscan"):
                connection.exec_driver_sql(f'ALTER DATABASE "{make_url(store_url).database}" SET {setting} = off')
    engine.dispose()
    reader = PlannedReader(store_url)
    yield reader
    reader.close()


def test_every_question_goes_by_an_index(planned_reader: PlannedReader) -> None:
    reader, since = planned_reader, NOW - 7 * DAY_US
    tasks.task(reader, "order-1")
    tasks.find_tasks(reader, "order-1")
    attempts.task_attempts(reader, "order-1")
    attempts.task_failures(reader, "order-1")
    attempts.task_events(reader, "order-1")
    attempts.task_payloads(reader, "order-1", "charge", 1)
    attempts.grid(reader, ["order-1", "order-2"])
    reader.all(attempts.step_durations_query("charge", "0190b2a4-0000-7000-8000-000000000000"))
    long_ago, groups = NOW - 30 * DAY_US, [ErrorGroup("1-a", "", None, "", fingerprints={"1-a"})]
    for begin in (since, long_ago):
        errors.error_group_list(reader, begin, name="order")
        errors.add_trends(reader, groups, begin, TrendParts.of(begin, NOW, 31))
    errors.affected_tasks(reader, ["1-a", "1-b"], since)
    errors.group_failures(reader, ["1-a"], before="0190b2a4-0000-7000-8000-000000000000")
    errors.failure(reader, "0190b2a4-0000-7000-8000-000000000000")
    errors.fingerprint_row(reader, "1-a")
    letters.letter_counts(reader, since)
    letters.newest_letters(reader)
    assert [plan for plan in reader.plans if _FULL_SCAN.search(plan)] == []


def test_a_group_is_read_without_the_counts_of_others(planned_reader: PlannedReader) -> None:
    for since in (NOW - 7 * DAY_US, NOW - 30 * DAY_US):
        errors.error_group(planned_reader, "1-a", since)
    for plan in planned_reader.plans:
        by_key, by_time = _COUNTS_BY_KEY.findall(plan), _COUNTS_BY_TIME.findall(plan)
        assert (len(by_key), by_time) == (2, []), plan


def test_the_tasks_of_a_group_are_counted_in_an_index(planned_reader: PlannedReader) -> None:
    errors.affected_tasks(planned_reader, ["1-a"], NOW - 7 * DAY_US)
    (plan,) = planned_reader.plans
    reads = [line for line in plan.splitlines() if "failed_attempts" in line]
    assert reads
    assert [line for line in reads if not _INDEX_ONLY.search(line)] == [], plan


@pytest.mark.parametrize(
    "chosen",
    [
        tasks.NO_FILTER,
        tasks.TaskFilter(status="error"),
        tasks.TaskFilter(status="waiting"),
        tasks.TaskFilter(name="order", since=NOW - DAY_US),
        tasks.TaskFilter(name="order", status="error", until=NOW),
    ],
    ids=["all", "status", "waiting", "name", "both"],
)
def test_a_page_of_a_list_is_read_in_its_order(planned_reader: PlannedReader, chosen: tasks.TaskFilter) -> None:
    tasks.list_tasks(planned_reader, chosen)
    tasks.list_tasks(planned_reader, chosen, tasks.After(NOW, "order-7"))
    for plan in planned_reader.plans:
        assert not _FULL_SCAN.search(plan), plan
        assert not _SORT.search(plan), plan
