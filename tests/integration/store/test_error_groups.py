"""Errors by group, with their trends, out of SQLite and PostgreSQL."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tasker_consumers.errors.groups import TrendParts
from tasker_consumers.errors.rules import NO_RULES, ErrorRules
from tasker_consumers.store.reading import errors
from tasker_consumers.store.reading.reader import StoreReader
from tasker_consumers.store.writing.writer import StoreWriter
from tasker_consumers.units import DAY_US, HOUR_US
from tests.support.store.rows import IDS, NOW, batch_of, failed_step, tasks_failed


def test_groups_count_failures_with_their_names_and_tasks(writer: StoreWriter, reader: StoreReader) -> None:
    writer.write(tasks_failed(5, "shop.Declined"), IDS)
    writer.write(tasks_failed(3, "shop.Timeout", step="ship", start=3), IDS)
    (first, second), _ = errors.error_group_list(reader, NOW - DAY_US)
    assert (first.count, first.error_class, first.reason) == (5, "shop.Declined", "grouped by 1 frame")
    assert (second.count, second.step_names) == (3, {"ship": 3})
    assert errors.affected_tasks(reader, [first.id, second.id], NOW - DAY_US) == 6
    assert [group.id for group in errors.error_group_list(reader, NOW - DAY_US, name="ship").groups] == [second.id]
    newest = errors.group_failures(reader, [first.id], limit=2)
    older = errors.group_failures(reader, [first.id], before=newest[-1]["event_id"])
    assert len({row["event_id"] for row in (*newest, *older)}) == 5
    explained = errors.failure(reader, newest[0]["event_id"])
    assert explained is not None
    assert explained["parts"] == ["frames", "shop.Declined", "payment:charge"]
    assert errors.error_group_list(reader, NOW + 2 * HOUR_US).groups == []


@pytest.mark.parametrize("days", [2, 20])
def test_trends_of_hours_and_of_days_have_each_failure_once(
    writer: StoreWriter, reader: StoreReader, days: int
) -> None:
    since = NOW - days * DAY_US
    times = [NOW, NOW - 2 * HOUR_US, NOW - DAY_US, since + HOUR_US, since, since - HOUR_US]
    writer.write(batch_of(*(failed_step(f"t{at}", at=at, step=f"s{at % 7}") for at in times)), IDS)
    (only,) = errors.error_group_list(reader, since).groups
    rules = ErrorRules(split={only.id: "step_name"})
    parts = TrendParts.of(since, NOW + HOUR_US, 31)
    for chosen in (NO_RULES, rules):
        groups, is_cut = errors.error_group_list(reader, since, chosen)
        plain = deepcopy(groups)
        errors.add_trends(reader, groups, since, parts, chosen)
        assert not is_cut
        assert [errors.error_group(reader, group.id, since, chosen) for group in groups] == plain
        assert sum(group.count for group in groups) == 5
        for group in groups:
            assert sum(parts.bars(group.trend)) == group.count
        together = [sum(bars) for bars in zip(*(parts.bars(group.trend) for group in groups), strict=True)]
        assert together[(NOW - parts.start) // parts.width] >= 1
        assert together[0] >= 1


def test_the_rarest_groups_are_left_out_aloud(
    writer: StoreWriter, reader: StoreReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        writer.write(tasks_failed(number + 1, f"shop.Error{number}", start=10 * number), IDS)
    monkeypatch.setattr(errors, "MAX_SUMS", 3)
    groups, is_cut = errors.error_group_list(reader, NOW - DAY_US)
    assert (sum(group.count for group in groups) >= 4 + 3 + 2, is_cut) == (True, True)
