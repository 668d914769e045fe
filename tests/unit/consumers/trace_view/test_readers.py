"""Records of tasks and traces in files, found by index."""

from pathlib import Path

import pytest

from tasker_consumers.replay.container import write_container
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.trace_view.readers import FileRuns, find_records, trace_ids
from tests.support.runs import stored
from tests.support.telemetry.histories import TASK, failed_order, order

OTHER = "43"
HISTORY = stored([record for pair in zip(order(), failed_order(OTHER), strict=False) for record in pair])


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    names = [tmp_path / "first.avro", tmp_path / "second.avro"]
    half = len(HISTORY) // 2
    for file, records in zip(names, (HISTORY[:half], HISTORY[half:]), strict=True):
        write_container(records, file)
    return names


def of(task_id: str) -> list[StoredRecord]:
    return [record for record in HISTORY if record.key == task_id.encode()]


def test_a_task_has_its_records_of_all_files_in_their_order(files: list[Path]) -> None:
    runs = FileRuns(files)
    assert [runs.of_task(task_id) for task_id in (TASK, OTHER, TASK)] == [of(TASK), of(OTHER), of(TASK)]
    assert runs.of_task(TASK, 2) == of(TASK)[:2]
    assert runs.of_task("unknown") == []


def test_a_trace_has_the_records_of_its_tasks_in_the_order_of_the_files(files: list[Path]) -> None:
    runs, traces = FileRuns(files), trace_ids(HISTORY)
    assert runs.of_trace(traces, []) == HISTORY
    assert runs.of_trace(traces, of(TASK)) == of(OTHER)
    assert runs.of_trace({"f" * 32}, []) == []


def test_a_trace_id_finds_what_its_task_finds(files: list[Path]) -> None:
    (trace_id,) = trace_ids(of(OTHER))
    assert find_records(trace_id, FileRuns(files), alone=False) == find_records(OTHER, FileRuns(files), alone=False)
