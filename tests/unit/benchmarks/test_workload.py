"""The benchmarks' events and arithmetic: the same for every engine, and as disorderly as they claim."""

from __future__ import annotations

import pytest

from benchmarks.rounds import ratio
from benchmarks.stats import expected_stats
from benchmarks.workload import copies, workload
from tasker_consumers.stats.core.fold import recompute
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.avro.versions import RECORD_OF_FAMILY

TASKS = 300
RECORDS = list(workload(TASKS))


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert [r.value for r in workload(20)] == [r.value for r in workload(20)]
    assert [r.value for r in workload(20, seed=8)] != [r.value for r in workload(20)]


def test_every_task_of_the_workload_is_told_to_its_end() -> None:
    found = recompute((r.event for r in RECORDS), (r.headers for r in RECORDS))
    assert len(found) == TASKS
    assert {(stats["status"], stats["completed_steps"]) for stats in found.values()} == {("complete", 4)}
    assert 0.05 < sum(stats["retries"] for stats in found.values()) / (4 * TASKS) < 0.15


def test_about_one_record_in_a_hundred_comes_twice() -> None:
    ids = [r.event["event_id"] for r in RECORDS]
    assert 0.005 < 1 - len(set(ids)) / len(ids) < 0.02


def test_about_one_record_in_ten_comes_too_early() -> None:
    latest: dict[bytes, int] = {}
    early = 0
    for record in RECORDS:
        timestamp = int(str(record.event["timestamp"]))
        early += timestamp < latest.get(record.key, 0)
        latest[record.key] = max(timestamp, latest.get(record.key, 0))
    assert 0.05 < early / len(RECORDS) < 0.15


def test_copies_are_whole_tasks_of_their_own() -> None:
    records, decode = list(workload(20)), Decoder().decode
    told = list(copies(records, 3))
    events = (decode(RECORD_OF_FAMILY[record.family], record.value) for record in told)
    found = recompute(events, (record.headers for record in told))
    assert (len(found), found) == (60, expected_stats(records, 3))
    assert {record.key.decode() for record in told} == found.keys()


def test_a_peer_that_ran_once_is_compared_within_its_round() -> None:
    assert ratio({"ours": [8.0, 30.0], "slow": [2.0]}, "ours", "slow") == pytest.approx(4.0)


def test_a_ratio_is_the_median_of_the_ratios_within_rounds() -> None:
    assert ratio({"ours": [8.0, 30.0, 3.0], "peer": [4.0, 10.0, 3.0]}, "ours", "peer") == pytest.approx(2.0)
