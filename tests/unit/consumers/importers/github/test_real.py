"""The recorded runs of GitHub Actions against the spans that another tool made of them; docs/importers.md explains."""

import functools
from collections.abc import Iterable
from pathlib import Path

import pytest

from tasker_consumers.importers import ImportedEvent
from tasker_consumers.importers.github.actions import read
from tasker_consumers.importers.publish import publish
from tasker_consumers.stats.core.fold import recompute
from tasker_producer.testing import RecordingPublisher
from tests.support.importers.github_oracle import Shape, expected_shapes, recordings, shapes_of, spans_of_import
from tests.support.telemetry.span_rules import broken_rules

BIOME, BIOME_JOB = "Lint Pull Request Titles", "Validate PR title"
CANCELLED, FAILED, SUCCESS = "16620109074", "21458831126", "21487811823"


@functools.cache
def events_of(path: Path) -> list[ImportedEvent]:
    return read(path.read_bytes(), path.name)


@functools.cache
def recorded() -> tuple[dict[str, set[Shape]], dict[str, set[Shape]]]:
    """Return what the other tool makes of the recording, and what we make of it."""
    (path,) = recordings()
    return expected_shapes(path.parent), shapes_of(spans_of_import(events_of(path)))


def as_the_other_tool(shapes: Iterable[Shape]) -> set[Shape]:
    """Return our spans in its terms: names without their kind, and no task between a job and its steps."""
    return {shape._replace(path=_plain(shape.path)) for shape in shapes if not is_inner_task(shape)}


def _plain(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.partition(" ")[2] for at, name in enumerate(path) if at == 0 or name.startswith("step "))


def is_inner_task(shape: Shape) -> bool:
    """Whether a span is a job's task or marks the end of a task."""
    return len(shape.path) > 1 and shape.path[-1].startswith("task ")


def test_every_recorded_run_has_its_expected_spans_beside_it() -> None:
    theirs, ours = recorded()
    assert ours.keys() == theirs.keys() == {CANCELLED, FAILED, SUCCESS}


@pytest.mark.parametrize(
    ("run_id", "queued"),
    [
        (CANCELLED, Shape(("Build & Test", "Queued"), 1_753_871_431_000_000, 1_753_871_440_000_000, "UNSET")),
        (FAILED, Shape((BIOME, "Queued"), 1_769_641_490_000_000, 1_769_641_492_000_000, "UNSET")),
        (SUCCESS, Shape((BIOME, "Queued"), 1_769_706_975_000_000, 1_769_706_977_000_000, "UNSET")),
    ],
)
def test_the_time_in_the_queue_is_the_only_span_that_is_missing(run_id: str, queued: Shape) -> None:
    theirs, ours = recorded()
    found = as_the_other_tool(ours[run_id])
    assert theirs[run_id] - found == {queued}
    assert found <= theirs[run_id]


@pytest.mark.parametrize(
    ("run_id", "added"),
    [
        (CANCELLED, [("Build & Test completed", "OK")]),
        (FAILED, [(BIOME_JOB, "ERROR"), (f"{BIOME_JOB} failed", "ERROR"), (f"{BIOME} failed", "ERROR")]),
        (SUCCESS, [(BIOME_JOB, "OK"), (f"{BIOME_JOB} completed", "OK"), (f"{BIOME} completed", "OK")]),
    ],
)
def test_the_tasks_of_jobs_and_the_marks_of_ends_are_the_only_spans_added(
    run_id: str, added: list[tuple[str, str]]
) -> None:
    inner = {shape for shape in recorded()[1][run_id] if is_inner_task(shape)}
    assert sorted((shape.path[-1], shape.status) for shape in inner) == sorted((f"task {n}", s) for n, s in added)


def test_the_task_of_a_job_lasts_as_long_as_the_jobs_own_span() -> None:
    spans = recorded()[1][SUCCESS]
    job = (f"task {BIOME}", f"step {BIOME_JOB}")
    times = [(s.start, s.end) for s in spans if s.path in (job, (*job, f"task {BIOME_JOB}"))]
    assert times == [(1_769_706_977_000_000, 1_769_707_011_000_000)] * 2


def test_spans_of_recorded_runs_obey_the_rules_of_opentelemetry() -> None:
    for path in recordings():
        assert broken_rules(spans_of_import(events_of(path))) == []


def test_statistics_of_recorded_runs_count_every_job_and_every_step_once() -> None:
    publisher = RecordingPublisher()
    for path in recordings():
        publish(events_of(path), publisher)
    stats = recompute((event.fields for event in publisher.events), (event.headers for event in publisher.events))
    counted = ("status", "total_steps", "completed_steps", "failed_steps", "attempts")
    assert {task_id: tuple(found[name] for name in counted) for task_id, found in stats.items()} == {
        f"github-actions:{CANCELLED}": ("complete", 5, 5, 0, 5),
        f"github-actions:{FAILED}": ("error", 1, 0, 1, 1),
        f"github-actions:{FAILED}:61806350920": ("error", 3, 2, 1, 3),
        f"github-actions:{SUCCESS}": ("complete", 1, 1, 0, 1),
        f"github-actions:{SUCCESS}:61901817921": ("complete", 3, 3, 0, 3),
    }


def test_the_failed_run_says_what_its_annotation_said() -> None:
    (path,) = recordings()
    told = {e.fields["error_message"] for e in events_of(path) if e.name == "step.failed" and "job_id" in e.attributes}
    (message,) = told
    assert message.startswith('No release type found in pull request title "fix(linter)')


def test_events_of_recordings_have_their_own_ids_and_come_in_the_order_of_time() -> None:
    for path in recordings():
        events = events_of(path)
        times = [event.timestamp for event in events]
        assert times == sorted(times)
        assert len({event.event_id for event in events}) == len(events)
        assert read(path.read_bytes(), path.name) == events
