"""Histories of any length in each format, written a piece at a time, for measuring imports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
_PAGE = 100  # jobs of a page of GitHub's API
_EVENTS_OF_AN_ACTIVITY = 3


def _time(second: int) -> str:
    return (_BEGIN + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")


def temporal(events: int) -> Iterator[str]:
    """Yield the history of a run with so many events; activities one after the other."""
    started = {"workflowType": {"name": "Order"}, "originalExecutionRunId": "run-1"}
    yield '{"events": [' + json.dumps(_temporal(1, "WorkflowExecutionStarted", **started))
    for number in range(2, events - 1, _EVENTS_OF_AN_ACTIVITY):
        scheduled = {"activityId": str(number), "activityType": {"name": "Charge"}}
        for event in (
            _temporal(number, "ActivityTaskScheduled", **scheduled),
            _temporal(number + 1, "ActivityTaskStarted", scheduledEventId=str(number), attempt=1),
            _temporal(number + 2, "ActivityTaskCompleted", scheduledEventId=str(number)),
        ):
            yield ",\n" + json.dumps(event)
    yield "]}"


def _temporal(number: int, kind: str, **details: Any) -> dict[str, Any]:
    attributes = f"{kind[0].lower()}{kind[1:]}EventAttributes"
    return {"eventId": str(number), "eventTime": _time(number), "eventType": kind, attributes: details}


def github(jobs: int) -> Iterator[str]:
    """Yield the answers about a run with so many jobs, a page on each line."""
    dates = {"created_at": _time(0), "run_started_at": _time(0), "updated_at": _time(jobs + 60)}
    run = {"id": 9, "name": "CI", "workflow_id": 5, "status": "completed", "conclusion": "success", **dates}
    yield json.dumps(run) + "\n"
    for first in range(0, jobs, _PAGE):
        page = [_job(number) for number in range(first, min(first + _PAGE, jobs))]
        yield json.dumps({"total_count": jobs, "jobs": page}) + "\n"


def _job(number: int) -> dict[str, Any]:
    dates = {"created_at": _time(0), "started_at": _time(number), "completed_at": _time(number + 50)}
    steps = [{"number": 1, "name": "run", "status": "completed", "conclusion": "success", **dates}]
    job = {"id": number + 1, "run_id": 9, "name": f"job {number}", "status": "completed", "conclusion": "success"}
    return {**job, **dates, "steps": steps}


def xes(events: int) -> Iterator[str]:
    """Yield a log with so many events, ten in each case: five activities that start and end."""
    yield '<?xml version="1.0"?>\n<log>\n<string key="concept:name" value="claims"/>\n'
    for case in range(events // 10):
        yield f'<trace><string key="concept:name" value="{case}"/>\n'
        for step in range(5):
            for second, transition in ((case + 2 * step, "start"), (case + 2 * step + 1, "complete")):
                yield (
                    f'<event><string key="concept:name" value="step {step}"/>'
                    f'<string key="lifecycle:transition" value="{transition}"/>'
                    f'<date key="time:timestamp" value="{_time(second)}"/></event>\n'
                )
        yield "</trace>\n"
    yield "</log>\n"


def csv(rows: int) -> Iterator[str]:
    """Yield a table with so many rows, ten for each task; the rows of a task lie far apart."""
    yield "case_id,activity,start,end,status,resource\n"
    tasks = max(1, rows // 10)
    for row in range(rows):
        yield f"case-{row % tasks},step {row // tasks},{_time(row)},{_time(row + 30)},ok,worker {row % 7}\n"


def otlp(spans: int) -> Iterator[str]:
    """Yield lines of a collector with so many spans, ten in each trace and in each line."""
    for trace in range(max(1, spans // 10)):
        nanos = (1_772_323_200 + trace) * 10**9
        listed = [
            {
                "traceId": f"{trace + 1:032x}",
                "spanId": f"{10 * trace + number + 1:016x}",
                "parentSpanId": f"{10 * trace + 1:016x}" if number else "",
                "name": f"call {number}",
                "startTimeUnixNano": str(nanos + number),
                "endTimeUnixNano": str(nanos + 10**9 - number),
            }
            for number in range(10)
        ]
        yield json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": listed}]}]}) + "\n"


def openlineage(events: int) -> Iterator[str]:
    """Yield lines with so many run events, ten in each command: a run, and four runs below it."""
    for command in range(max(1, events // 10)):
        runs = [f"{command}-{number}" for number in range(5)]
        for kind, second in (("START", 0), ("COMPLETE", 9)):
            for number, run in enumerate(runs if kind == "START" else reversed(runs)):
                yield json.dumps(_run_event(kind, command + second + number % 5, run, runs[0])) + "\n"


def _run_event(kind: str, second: int, run: str, root: str) -> dict[str, Any]:
    parent = {"parent": {"run": {"runId": root}, "job": {"namespace": "n", "name": "nightly"}}}
    return {
        "eventType": kind,
        "eventTime": _time(second),
        "run": {"runId": run, "facets": {} if run == root else parent},
        "job": {"namespace": "n", "name": "nightly" if run == root else f"model {run[-1]}"},
    }


def airflow(instances: int) -> Iterator[str]:
    """Yield the answer about so many task instances, ten in each DAG run."""
    yield '{"task_instances": ['
    for number in range(instances):
        instance = {
            "dag_id": "etl", "dag_run_id": f"run {number // 10}", "task_id": f"task {number % 10}", "state": "success",
            "start_date": _time(number), "end_date": _time(number + 5), "try_number": 1, "map_index": -1,
        }  # fmt: skip
        yield (", " if number else "") + json.dumps(instance)
    yield f'], "total_entries": {instances}}}'


def nextflow(rows: int) -> Iterator[str]:
    """Yield a trace with so many rows."""
    yield "task_id\thash\tname\tstatus\texit\tsubmit\tduration\trealtime\n"
    for row in range(rows):
        yield f"{row}\tab/{row:06x}\tALIGN ({row})\tCOMPLETED\t0\t{_time(row)}\t12s\t10.5s\n"


#: Each format's writer, and the entries of a file of the size that the benchmark reads: the format's own limit, if any.
FORMATS: Mapping[str, tuple[Callable[[int], Iterator[str]], int]] = {
    "temporal": (temporal, 51_200),
    "github-actions": (github, 10_000),
    "openlineage": (openlineage, 100_000),
    "airflow": (airflow, 100_000),
    "otlp": (otlp, 100_000),
    "xes": (xes, 100_000),
    "nextflow": (nextflow, 100_000),
    "csv": (csv, 1_000_000),
}
