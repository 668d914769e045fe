"""Real histories as decoded events, and what the Alibaba trace says, worked out without the fold."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tasker_consumers.importers import ImportedEvent
from tasker_consumers.importers.temporal import history as temporal
from tasker_consumers.importers.wfcommons import workflow as wfcommons
from tasker_schemas.names import StepEvents, TaskEvents
from tests.support.importers.oracles import DATA, real_files
from tests.support.scale import part_of
from tests.support.stats.histories import SECOND, Event

_READERS = {"wfinstances": wfcommons.read, "temporal-histories": temporal.read}


def real_histories(step: int = 1) -> Iterator[list[Event]]:
    """Yield the events of every `step`-th WfCommons instance and Temporal history, at that scale of each."""
    for folder, read in _READERS.items():
        for path in part_of(real_files(folder), step):
            yield [_decoded(event) for event in read(path.read_bytes(), path.name)]


def _decoded(event: ImportedEvent) -> Event:
    own = {"event_name": event.name, "timestamp": event.timestamp, "event_id": event.event_id}
    return {**own, "task_id": event.task_id, "task_name": event.task_name, **event.fields}


class Row(NamedTuple):
    """One step of an Alibaba job; seconds of the trace's own clock, which is damaged here and there."""

    created: int
    ended: int
    job: str
    step: str
    status: str


#: The trace counts seconds from a moment of its own, and some of its tasks began before; an event is never before 1970.
_TRACE_BEGINS = 1_500_000_000


def alibaba_rows() -> list[Row]:
    """Return every row of the trace; skip the test where it is not."""
    file = DATA / "alibaba-2017" / "batch_task.csv.gz"
    if not file.exists():
        pytest.skip("no Alibaba trace beside the project: the folder shared/data is not there")
    with gzip.open(file, "rt") as lines:
        rows = list(csv.reader(lines))[1:]
    return [
        Row(_TRACE_BEGINS + int(created), _TRACE_BEGINS + int(ended), job, step, status)
        for created, ended, job, step, _, status, *_ in rows
    ]


_OUTCOME = {"Terminated": StepEvents.COMPLETED, "Failed": StepEvents.FAILED}


def alibaba_events(rows: list[Row]) -> Iterator[Event]:
    """Yield the events that a system which runs these jobs would have sent."""
    jobs: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        jobs[row.job].append(row)
        yield from _step_events(row)
    for job, steps in jobs.items():
        yield _event(TaskEvents.START_REQUESTED, job, min(row.created for row in steps), total_steps=len(steps))
        if all(row.status == "Terminated" for row in steps):
            yield _event(TaskEvents.COMPLETED, job, max(row.ended for row in steps))


def _step_events(row: Row) -> Iterator[Event]:
    step = {"step_id": row.step}
    yield _event(StepEvents.EXECUTION_REQUESTED, row.job, row.created, **step)
    if row.status != "Waiting":
        yield _event(StepEvents.HANDLE, row.job, row.created, **step)
    if row.status in _OUTCOME:
        yield _event(_OUTCOME[row.status], row.job, row.ended, completed_at=row.ended * SECOND, **step)


def _event(name: str, job: str, second: int, **fields: Any) -> Event:
    event_id = f"{job}/{fields.get('step_id')}/{name}"
    return {"event_name": str(name), "task_id": job, "event_id": event_id, "timestamp": second * SECOND, **fields}


_SUMS = ("total", "complete", "failed", "attempts", "work", "longest")


def alibaba_expected(rows: list[Row]) -> dict[str, dict[str, Any]]:
    """Return for each job what its rows add up to."""
    expected: dict[str, dict[str, Any]] = {}
    for row in rows:
        job = expected.setdefault(row.job, dict.fromkeys(_SUMS, 0))
        lasted = max(0, row.ended - row.created) if row.status in _OUTCOME else 0
        job["total"] += 1
        job["complete"] += row.status == "Terminated"
        job["failed"] += row.status == "Failed"
        job["attempts"] += row.status != "Waiting"
        job["work"] += lasted
        job["longest"] = max(job["longest"], lasted)
        job["start"] = min(job.get("start", row.created), row.created)
        job["end"] = max(job.get("end", row.ended), row.ended)
    return expected
