"""`tasker stats` on a real Kafka: what the compacted topic says, at once and as it changes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.partitioner import partition_of
from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.stats.reading.view import with_iso_times
from tasker_schemas.avro.codec import encode
from tasker_schemas.topics import stats_topic, window_topic
from tests.support.processes import LIMIT_S
from tests.support.stats.arena import StatsArena
from tests.support.stats.command import command, output
from tests.support.stats.histories import SECOND, T0, order_processing


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> StatsArena:
    return StatsArena(kafka.bootstrap_servers, topic_prefix, tmp_path)


def publish(arena: StatsArena, *records: dict[str, Any]) -> None:
    """Write statistics as the worker does."""
    with arena.sender() as sender:
        for stats in records:
            sender.send(stats_topic(arena.prefix), stats["task_id"].encode(), encode("TaskStats", stats))


def order(task_id: str, events: int = 99) -> dict[str, Any]:
    (stats,) = recompute({**told, "task_id": task_id} for told in order_processing()[:events]).values()
    return stats


def test_one_task_is_shown_by_its_newest_revision(arena: StatsArena) -> None:
    publish(arena, order("42"), order("42", 5), order("43"))
    code, out, _ = output(arena, "42", "--json")
    assert (code, json.loads(out)) == (0, with_iso_times(order("42")))


def test_a_task_from_before_partitions_were_added_is_found_where_its_key_led_then(arena: StatsArena) -> None:
    with arena.sender() as sender:
        for count in (1, 2, 3):
            stats = order(f"of-{count}")
            key = stats["task_id"].encode()
            partition = partition_of(key, count)
            sender.send(stats_topic(arena.prefix), key, encode("TaskStats", stats), partition=partition)
    shown = [output(arena, f"of-{count}", "--json") for count in (1, 2, 3)]
    assert [json.loads(out) for _, out, _ in shown] == [with_iso_times(order(f"of-{count}")) for count in (1, 2, 3)]
    assert output(arena, "of-4")[0] == 1


def test_a_person_reads_the_same_as_lines_of_names_and_values(arena: StatsArena) -> None:
    publish(arena, order("42"))
    code, out, _ = output(arena, "42")
    assert code == 0
    assert "critical_path\tfetch → charge → ship" in out
    assert "first_error\tTimeout: no answer in step charge, attempt 1" in out


def window(revision: int, count: int, **fields: Any) -> bytes:
    """A record of windows: so many of the orders of an hour, of 6 s each."""
    value = {
        "kind": "task",
        "name": "order_processing",
        "window_start": T0 - T0 % (3600 * SECOND),
        "window_s": 3600,
        "partition": 0,
        "count": count,
        "complete": count,
        "measured": count,
        "duration_sum_s": 6.0 * count,
        "duration_bins": {"781": count},
        "revision": revision,
        **fields,
    }
    return encode("StatsWindow", value)


def publish_windows(arena: StatsArena) -> None:
    with arena.sender() as sender:
        for key, record in (
            (b"a", window(2, 3)),
            (b"a", window(1, 9)),
            (b"b", window(1, 2, partition=1)),
            (b"c", window(1, 7, window_s=60)),
            (b"d", window(1, 8, kind="step", name="ship")),
            (b"e", window(1, 8, name="other")),
        ):
            sender.send(window_topic(arena.prefix), key, record)


def test_all_tasks_of_a_name_are_summed_up_by_the_hour(arena: StatsArena) -> None:
    publish(arena, *(order(f"task-{n}") for n in range(5)), order("open", 5), {**order("x"), "task_name": "other"})
    publish_windows(arena)
    code, out, _ = output(arena, "--name", "order_processing", "--json")
    document = json.loads(out)
    assert code == 0
    assert len(document["tasks"]) == 6
    (hour,) = document["windows"]
    assert (hour["count"], hour["complete"], hour["failure_ratio"]) == (5, 5, 0.0)
    assert hour["duration_p50_s"] == pytest.approx(6.0, rel=0.01)


def test_sums_of_a_period_are_those_of_its_hours(arena: StatsArena) -> None:
    publish_windows(arena)
    code, out, _ = output(arena, "--name", "order_processing", "--since", "2023-11-14T22:30", "--json")
    (hour,) = json.loads(out)["windows"]
    assert (code, hour["count"], hour["times"]["window_start"]) == (0, 5, "2023-11-14T22:00:00.000000Z")
    assert output(arena, "--name", "order_processing", "--until", "2023-11-14T22:00")[0] == 1


@pytest.mark.parametrize(("arguments", "count"), [(["--step", "ship"], "8"), (["--name", "other"], "8")])
def test_steps_of_a_name_are_summed_up_like_tasks(arena: StatsArena, arguments: list[str], count: str) -> None:
    publish_windows(arena)
    code, out, _ = output(arena, *arguments)
    titles, row = (line.split("\t") for line in out.splitlines())
    assert (code, dict(zip(titles, row, strict=True))["ended"]) == (0, count)


def test_tasks_that_go_on_are_listed_with_their_progress(arena: StatsArena) -> None:
    publish(arena, order("done"), order("open", 6))
    code, out, _ = output(arena, "--name", "order_processing")
    assert code == 0
    (line,) = [line.split() for line in out.splitlines() if line.startswith("open")]
    assert line[1] == "in_progress"
    assert "2/4" in line


def test_a_watched_task_is_told_until_it_is_over(arena: StatsArena) -> None:
    publish(arena, order("42", 5))
    with command(arena, "42", "--watch", "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["status"] == "in_progress"
        assert process.stderr is not None
        complaint = process.stderr.readline()
        publish(arena, order("42", 7), order("42"))
        told = [json.loads(line) for line in process.stdout]
        assert process.wait(LIMIT_S) == 0
    assert told[-1] == with_iso_times(order("42"))
    assert f"no worker of the group {arena.prefix}-stats runs" in complaint
    assert "`tasker run stats`" in complaint


def test_a_watcher_of_a_task_that_is_over_needs_no_worker(arena: StatsArena) -> None:
    publish(arena, order("42"))
    code, _, err = output(arena, "42", "--watch", "--json")
    assert (code, err) == (0, "")


def test_a_task_that_nobody_knows_is_one_line_and_exit_code_one(arena: StatsArena) -> None:
    publish(arena, order("42"))
    code, out, err = output(arena, "no such task")
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert "'no such task'" in err


@pytest.mark.parametrize(
    "arguments", [[], ["42", "--name", "order_processing"], ["--name", "x", "--step", "x"], ["--step", "x", "--watch"]]
)
def test_one_task_or_one_name_is_to_be_named(arena: StatsArena, arguments: list[str]) -> None:
    code, _, err = output(arena, *arguments)
    assert code == 2
    assert "--name" in err
