"""Real files through the whole way: the numbers at its end are those that an independent reader finds in the files."""

import functools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.demo.consumer_lag import ConsumerLag
from tasker_consumers.demo.result import read_spans
from tasker_consumers.demo.stage import readers
from tasker_consumers.embedded import KafkaSource
from tasker_consumers.stats.reading.sources import LatestStats
from tasker_consumers.stats.reading.topics import open_topic
from tasker_schemas.topics import stats_topic
from tests.support.demo_runs import HeldDemo, held_demo, run_tasker
from tests.support.importers import oracles
from tests.support.processes import eventually

Numbers = tuple[str, int, int, int, int, int, float, float]


def told_by_files(expected: oracles.Expected) -> Numbers:
    counts = (expected.steps, expected.attempts, expected.completed, expected.failed, expected.cancelled)
    return (expected.status, *counts, _seconds(expected.duration_s), _seconds(expected.longest_path_s))


def told_by_statistics(stats: dict[str, Any]) -> Numbers:
    names = ("total_steps", "attempts", "completed_steps", "failed_steps", "cancelled_steps")
    counts = [stats[name] for name in names]
    return (stats["status"], *counts, _seconds(stats["duration_s"]), _seconds(stats["critical_path_s"]))


def _seconds(value: Any) -> float:
    return -1.0 if value is None else round(float(value), 4)


def wfcommons_files() -> list[Path]:
    """One instance of each application, the largest has 1,000 steps and more."""
    return list({path.parent: path for path in oracles.real_files("wfinstances")}.values())


def temporal_histories() -> dict[Path, list[dict[str, Any]]]:
    """The histories of runs that only one file tells of."""
    found = {}
    for path in oracles.real_files("temporal-histories"):
        document = oracles.content(path)
        (found[path],) = (history["events"] for history in (document if isinstance(document, list) else [document]))
    runs = [_run_of(events) for events in found.values()]
    return {path: events for path, events in found.items() if runs.count(_run_of(events)) == 1}


def _is_done(backlog: ConsumerLag) -> bool:
    return backlog.count() == 0


def _run_of(events: list[dict[str, Any]]) -> str | None:
    said: dict[str, str] = events[0].get("workflowExecutionStartedEventAttributes", {})
    return said.get("originalExecutionRunId")


@pytest.fixture(scope="module")
def instances(kafka: KafkaSource) -> Iterator[HeldDemo]:
    """A demo over instances of WfCommons that has come to its end and still holds."""
    with held_demo(kafka.bootstrap_servers, "--format", "wfcommons", *map(str, wfcommons_files())) as held:
        yield held


def test_instances_of_wfcommons_give_the_numbers_of_their_files(instances: HeldDemo) -> None:
    expected = sorted(told_by_files(oracles.of_wfcommons(oracles.content(path))) for path in wfcommons_files())
    assert [n[:6] for n in sorted(map(told_by_statistics, instances.document["tasks"]))] == [n[:6] for n in expected]
    for found, wanted in zip(sorted(map(told_by_statistics, instances.document["tasks"])), expected, strict=True):
        assert found[6:] == pytest.approx(wanted[6:], abs=2e-4)


def test_every_attempt_of_every_imported_step_has_its_span_in_one_tree(instances: HeldDemo) -> None:
    spans = instances.document["spans"]
    ids = {(span["trace_id"], span["span_id"]) for span in spans}
    steps = [span for span in spans if span["name"] == "tasker.step.processing"]
    assert len(steps) == sum(task["attempts"] for task in instances.document["tasks"])
    assert len(ids) == len(spans)
    assert all((s["trace_id"], s["parent_span_id"]) in ids for s in spans if s["parent_span_id"])


def test_importing_again_changes_no_statistic_and_no_span(instances: HeldDemo) -> None:
    ended = run_tasker("import", "wfcommons", *map(str, wfcommons_files()), **instances.variables)
    assert ended.returncode == 0, ended.stderr
    for group, topics in readers(instances.prefix):
        with closing(ConsumerLag(instances.connection, group, topics)) as backlog:
            assert eventually(functools.partial(_is_done, backlog))
    latest = LatestStats()
    with open_topic(instances.connection, stats_topic(instances.prefix)) as reader:
        for stats in reader.backlog():
            latest.learn(stats)
        assert latest.tasks == {task["task_id"]: task for task in instances.document["tasks"]}
    assert read_spans(instances.directory / "spans.jsonl") == instances.document["spans"]


@pytest.fixture(scope="module")
def histories(kafka: KafkaSource, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeldDemo]:
    """A demo over histories of Temporal, with a broken file before them."""
    broken = tmp_path_factory.mktemp("files") / "broken.json"
    broken.write_text('{"events": ')
    files = (broken, *temporal_histories())
    with held_demo(kafka.bootstrap_servers, "--format", "temporal", *map(str, files)) as held:
        yield held


def test_histories_of_temporal_give_the_numbers_of_their_files(histories: HeldDemo) -> None:
    expected = sorted(told_by_files(oracles.of_temporal(events)) for events in temporal_histories().values())
    found = sorted(map(told_by_statistics, histories.document["tasks"]))
    assert [numbers[:6] for numbers in found] == [numbers[:6] for numbers in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[6:] == pytest.approx(other[6:], abs=2e-4)


def test_a_broken_file_is_named_and_the_demo_ends_with_one(histories: HeldDemo) -> None:
    assert histories.document["tasks"]
    assert histories.stop() == 1
    assert [line for line in histories.told if "broken.json: line 1" in line]
