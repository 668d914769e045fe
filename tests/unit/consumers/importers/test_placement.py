"""Where and when imported events go: prefixes, moved times, and the pace of a live import."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.importers import Import, ImportedEvent
from tasker_consumers.importers.event import ParentRef
from tasker_consumers.importers.options import PlaceOptions
from tasker_consumers.importers.placement import Placement
from tasker_consumers.importers.publish import trace_of
from tasker_producer.testing import RecordingPublisher
from tasker_schemas.errors import UsageError
from tasker_schemas.identity import step_span_id, trace_id_of
from tests.unit.consumers.importers.test_files import HISTORY

SECOND = 1_000_000
FIRST = 1_704_067_200 * SECOND  # of HISTORY; the last event is a second later
NOW = 1_800_000_000.0
EVENT = ImportedEvent(
    name="task.completed",
    timestamp=10 * SECOND,
    event_id="e",
    task_id="inner",
    task_name="t",
    fields={"started_at": 4 * SECOND, "completed_at": 10 * SECOND, "execution_duration": 6.0, "total_steps": 3},
    within=ParentRef("root", "outer", "s", 2),
)


class Clock:
    """A clock that a wait moves."""

    def __init__(self) -> None:
        self.now = NOW
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waited.append(round(seconds, 6))
        self.now += seconds


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.json"
    path.write_text(json.dumps(HISTORY))
    return path


def times(publisher: RecordingPublisher) -> list[int]:
    return [event.fields["timestamp"] for event in publisher.events]


def test_without_a_prefix_and_a_move_an_event_stays_as_it_is() -> None:
    assert Placement().place(EVENT) is EVENT


def test_a_prefix_begins_every_id_of_a_task_and_gives_ids_of_their_own() -> None:
    placed = Placement("copy:").place(EVENT)
    assert (placed.task_id, placed.timestamp, placed.fields) == ("copy:inner", EVENT.timestamp, EVENT.fields)
    assert placed.within == ParentRef("copy:root", "copy:outer", "s", 2)
    assert placed.event_id != EVENT.event_id
    parent = trace_of(placed).parent
    assert parent is not None
    assert (parent.trace_id, parent.span_id) == (trace_id_of("copy:root"), step_span_id("copy:outer", "s", 2))


def test_a_move_keeps_durations_and_a_speed_divides_them() -> None:
    moved = Placement(origin=10 * SECOND, becomes=100 * SECOND).place(EVENT)
    assert (moved.timestamp, moved.fields["started_at"], moved.fields["execution_duration"]) == (
        100 * SECOND, 94 * SECOND, 6.0,
    )  # fmt: skip
    fast = Placement(origin=4 * SECOND, becomes=100 * SECOND, speed=3.0).place(EVENT)
    assert (fast.timestamp, fast.fields["execution_duration"]) == (102 * SECOND, 2.0)


def test_as_if_now_ends_all_files_together_now(history: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.json"
    later.write_text(history.read_text().replace("run-1", "run-2").replace(":00:0", ":10:0"))
    publisher, clock = RecordingPublisher(), Clock()
    Import(placing=PlaceOptions(as_if_now=True), clock=clock).run([later, history], publisher)
    assert times(publisher) == sorted(times(publisher))
    assert times(publisher)[-1] == NOW * SECOND
    assert times(publisher)[0] == (NOW - 601) * SECOND
    assert clock.waited == []


def test_a_speed_publishes_each_event_when_its_time_has_come(history: Path) -> None:
    publisher, clock = RecordingPublisher(), Clock()
    Import(placing=PlaceOptions(speed=2.0), clock=clock, wait=clock.wait).run([history], publisher)
    assert clock.waited == [0.5]
    assert {time / SECOND - NOW for time in times(publisher)} == {0.0, 0.5}


def test_the_same_prefix_gives_the_same_events_again(history: Path) -> None:
    def run() -> list[Any]:
        publisher = RecordingPublisher()
        Import(placing=PlaceOptions(prefix="copy:")).run([history], publisher)
        return publisher.events

    assert run() == run()
    assert {event.key for event in run()} == {"copy:run-1"}


def test_a_preview_counts_and_publishes_nothing(history: Path) -> None:
    report = Import().preview([history])
    (file,) = report.imported
    assert dict(file.names) == {
        "task.initialize_requested": 1, "task.start_requested": 1, "step.execution_requested": 1, "step.handle": 1,
    }  # fmt: skip
    assert (file.history_format, file.first, file.last) == ("temporal", FIRST, FIRST + SECOND)
    assert [event.name for event in file.sample] == ["step.execution_requested", "step.handle"]


@pytest.mark.parametrize(
    ("placing", "begins"), [(PlaceOptions(as_if_now=True), NOW - 1), (PlaceOptions(speed=2.0), NOW)]
)
def test_a_preview_shows_the_times_that_the_run_would_give(history: Path, placing: PlaceOptions, begins: float) -> None:
    clock, publisher = Clock(), RecordingPublisher()
    options = Import(placing=placing, clock=clock, wait=lambda _: None)
    (shown,) = options.preview([history]).imported
    options.run([history], publisher)
    assert (shown.first, shown.last) == (min(times(publisher)), max(times(publisher)))
    assert shown.first == begins * SECOND
    assert [event.timestamp for event in shown.sample] == times(publisher)[-2:]


def test_a_preview_refuses_times_that_the_run_refuses(history: Path, tmp_path: Path) -> None:
    ancient = tmp_path / "ancient.json"
    ancient.write_text(history.read_text().replace("run-1", "run-2").replace("2024-", "1971-"))
    options = Import(placing=PlaceOptions(as_if_now=True), clock=lambda: 3600.0)
    with pytest.raises(UsageError, match="cannot be moved"):
        options.preview([ancient, history])
    with pytest.raises(UsageError, match="cannot be moved"):
        options.run([ancient, history], RecordingPublisher())
