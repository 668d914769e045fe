"""Importing files: what is published, and what a report says of those that are broken."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasker_consumers.importers import HistoryFormat, ImportedFile, import_files
from tasker_producer.testing import RecordingDelivery, RecordingPublisher
from tasker_schemas.errors import BackendUnavailable
from tasker_schemas.identity import step_span_id, task_span_id, trace_id_of

HISTORY = {
    "events": [
        {
            "eventId": "1",
            "eventTime": "2024-01-01T00:00:00Z",
            "eventType": "WorkflowExecutionStarted",
            "workflowExecutionStartedEventAttributes": {
                "workflowType": {"name": "Order"},
                "originalExecutionRunId": "run-1",
                "workflowId": "order-7",
            },
        },
        {
            "eventId": "2",
            "eventTime": "2024-01-01T00:00:01Z",
            "eventType": "TimerStarted",
            "timerStartedEventAttributes": {"timerId": "t"},
        },
    ]
}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.json"
    path.write_text(json.dumps(HISTORY))
    return path


def test_events_go_out_with_their_own_times_ids_and_names(good: Path) -> None:
    publisher = RecordingPublisher()
    report = import_files(HistoryFormat.TEMPORAL, [good], publisher)
    assert [e.name for e in publisher.events][-2:] == ["step.execution_requested", "step.handle"]
    fields = publisher.events[0].fields
    assert (fields["task_id"], fields["task_name"], fields["correlation_id"]) == ("run-1", "Order", "order-7")
    assert fields["timestamp"] == 1_704_067_200_000_000
    assert (report.files, report.task_ids, report.events, report.exit_code) == (1, ("run-1",), 4, 0)


def test_each_event_carries_the_place_in_its_tasks_own_trace(good: Path) -> None:
    publisher = RecordingPublisher()
    import_files(HistoryFormat.TEMPORAL, [good], publisher)
    task, step = publisher.events[0].trace, publisher.events[-1].trace
    assert task.span is not None
    assert step.span is not None
    assert (task.span.trace_id, task.span.span_id) == (trace_id_of("run-1"), task_span_id("run-1"))
    assert (step.span.span_id, step.parent) == (step_span_id("run-1", "timer:t", 1), task.span)


def test_importing_twice_repeats_every_event_with_the_same_id_and_bytes(good: Path) -> None:
    publisher = RecordingPublisher()
    import_files(HistoryFormat.TEMPORAL, [good, good], publisher)
    half = len(publisher.events) // 2
    assert publisher.events[:half] == publisher.events[half:]


def test_broken_files_are_named_and_the_others_still_go_in(good: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"events": [}')
    gone = tmp_path / "gone.json"
    publisher = RecordingPublisher()
    report = import_files(HistoryFormat.TEMPORAL, [broken, tmp_path, good, gone], publisher)
    assert [str(fault) for fault in report.faults] == [
        f"{broken}: line 1, column 13: not JSON: Expecting value",
        f"{tmp_path}: a directory; name the files in it",
        f"{gone}: No such file or directory",
    ]
    assert (report.files, report.exit_code, len(publisher.events)) == (1, 1, 4)


def test_nothing_of_a_broken_file_is_published(tmp_path: Path) -> None:
    late: dict[str, Any] = {"events": [*HISTORY["events"], {"eventId": "3", "eventType": "TimerFired"}]}
    path = tmp_path / "late.json"
    path.write_text(json.dumps(late))
    publisher = RecordingPublisher()
    (fault,) = import_files(HistoryFormat.TEMPORAL, [path], publisher).faults
    assert (fault.place, fault.problem) == ("events[2].timerFiredEventAttributes", "missing")
    assert publisher.events == []


def test_each_file_that_went_in_is_told_with_its_tasks(good: Path, tmp_path: Path) -> None:
    imported: list[ImportedFile] = []
    import_files(HistoryFormat.TEMPORAL, [tmp_path, good], RecordingPublisher(), imported.append)
    assert [(file.file, file.events, [task.task_id for task in file.tasks]) for file in imported] == [
        (good, 4, ["run-1"])
    ]


def test_a_task_that_several_files_tell_of_is_named(good: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.json"
    copy.write_bytes(good.read_bytes())
    report = import_files(HistoryFormat.TEMPORAL, [good, copy], RecordingPublisher())
    assert (report.task_ids, report.shared_task_ids) == (("run-1",), ("run-1",))


class AwayDelivery(RecordingDelivery):
    """A delivery whose broker never answers."""

    def flush(self, timeout: float) -> int:  # noqa: ARG002
        return len(self.events)


def test_events_that_never_arrive_are_an_error_that_says_what_to_check(good: Path) -> None:
    publisher = RecordingPublisher()
    publisher._delivery = AwayDelivery()
    with pytest.raises(BackendUnavailable, match="did not take 4 events; check KAFKA_BOOTSTRAP_SERVERS"):
        import_files(HistoryFormat.TEMPORAL, [good], publisher)
