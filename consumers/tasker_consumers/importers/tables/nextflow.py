"""Nextflow's trace.txt as events: the run of the pipeline is a task, its tasks are steps.

| in the trace | becomes |
|---|---|
| the file, by its first own row | task `nextflow:<hash of that row>` |
| a row, `name` | step |
| `submit` | `step.execution_requested` |
| `start`, else the end minus `realtime` | `step.handle` |
| `complete`, else `submit` plus `duration` | the end |
| COMPLETED | `completed` |
| CACHED | `completed` without a duration, when the run began: it ran in an earlier run |
| FAILED | `failed`, the next row of the same name is the next attempt |
| ABORTED | `cancelled` |

The order of processes is not in the file, so there is no `depends_on`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.executions import (
    Execution,
    Reason,
    TaskRun,
    Timing,
    events_of,
    failure_of,
    span_of_executions,
)
from tasker_consumers.importers.options import ReadOptions
from tasker_consumers.importers.repeated import numbered
from tasker_consumers.importers.sources import Content
from tasker_consumers.importers.tables.rows import Cell, Row, Table
from tasker_consumers.importers.tables.values import is_untold, read_attempt, read_duration, read_moment
from tasker_schemas.names import State

_NEEDED = ("name", "status", "submit")
_CACHED = "CACHED"
_OUTCOMES: Mapping[str, State | None] = {
    "COMPLETED": State.COMPLETE,
    _CACHED: State.COMPLETE,
    "FAILED": State.ERROR,
    "ABORTED": State.CANCELLED,
    "RUNNING": None,
    "SUBMITTED": None,
    "NEW": None,
}
_TOLD = frozenset({"name", "status", "submit", "start", "complete", "duration", "realtime", "attempt"})
_MILLISECOND = 1_000
_UNKNOWN_EXIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _TraceRow:
    """A row: its execution, the attempt that it names, and whether an earlier run made its result."""

    execution: Execution
    attempt: int | None
    is_cached: bool
    identity: str


def read(content: Content, options: ReadOptions) -> Iterator[ImportedEvent]:
    """Yield the events of a run; raise BrokenFile."""
    table = Table(content)
    for name in _NEEDED:
        if name not in table.columns:
            raise BrokenFile("line 1", f"no column {name}; Nextflow's trace.fields must have {', '.join(_NEEDED)}")
    rows = [_read_row(row, options) for row in table]
    if not rows:
        raise BrokenFile("the file", "no row is in it")
    run_rows = [row for row in rows if not row.is_cached] or rows
    executions = _executions(rows, run_rows)
    yield from events_of(
        TaskRun(
            task_id=f"nextflow:{sha256(run_rows[0].identity.encode()).hexdigest()[:16]}",
            name=content.name.rpartition(".")[0] or content.name,
            timing=span_of_executions(executions),
            executions=executions,
            reason=failure_of(executions),
            attributes={"imported_from": "Nextflow"},
        )
    )


def _executions(rows: Sequence[_TraceRow], run_rows: Sequence[_TraceRow]) -> list[Execution]:
    """Return the steps in the order in which they were submitted; cached results are there when the run begins."""
    began = min((row.execution.timing.queued_at or 0 for row in run_rows), default=0)
    ordered = sorted(rows, key=lambda row: began if row.is_cached else row.execution.timing.queued_at or 0)
    executions = [
        replace(row.execution, timing=Timing(ended_at=began, outcome=State.COMPLETE))
        if row.is_cached
        else row.execution
        for row in ordered
    ]
    if any(row.attempt and row.attempt > 1 for row in rows):
        return executions
    return list(numbered(executions))


def _read_row(row: Row, options: ReadOptions) -> _TraceRow:
    status = row.cell("status")
    if status.value not in _OUTCOMES:
        status.refuse(f"a status of Nextflow ({', '.join(_OUTCOMES)})")
    attempt = _cell(row, "attempt")
    number = read_attempt(attempt) if attempt else None
    execution = Execution(
        step_id=row.cell("name").identifier(),
        name=row.cell("name").identifier(),
        timing=_timing(row, _OUTCOMES[status.value], options),
        attempt=number or 1,
        reason=_reason(row),
        attributes=_attributes(row),
    )
    return _TraceRow(execution, number, status.value == _CACHED, "\t".join(row.values))


def _timing(row: Row, outcome: State | None, options: ReadOptions) -> Timing:
    submit, start, complete = (_cell(row, name) for name in ("submit", "start", "complete"))
    duration, realtime = _length(row, "duration"), _length(row, "realtime")
    queued_at = read_moment(submit, options) if submit else None
    started_at = read_moment(start, options) if start else None
    ended_at = read_moment(complete, options) if complete else None
    if ended_at is None and queued_at is not None and duration is not None:
        ended_at = queued_at + duration
    if started_at is None and ended_at is not None and realtime is not None:
        started_at = ended_at - realtime if queued_at is None else max(queued_at, ended_at - realtime)
    timing = Timing(queued_at=queued_at, started_at=started_at, ended_at=ended_at if outcome else None, outcome=outcome)
    if timing.told_at is None:
        raise BrokenFile(f"line {row.line}", "neither submit nor complete has a time")
    return timing


def _length(row: Row, column: str) -> int | None:
    """Return a duration in microseconds; with `trace.raw` Nextflow writes milliseconds without a unit."""
    cell = _cell(row, column)
    if cell is None:
        return None
    return int(cell.value) * _MILLISECOND if cell.value.isdecimal() else read_duration(cell)


def _cell(row: Row, column: str) -> Cell | None:
    cell = row.cell(column) if column in row.columns else None
    return None if cell is None or is_untold(cell) else cell


def _reason(row: Row) -> Reason:
    status, code = row.cell("status").value, _cell(row, "exit")
    if status == "ABORTED":
        return Reason(message=status)
    is_told = code is not None and code.value != str(_UNKNOWN_EXIT)
    text = f"exit {code.value}" if code is not None and is_told else status
    return Reason(error_class=text, message=f"{row.cell('name').value}: {text}")


def _attributes(row: Row) -> dict[str, Any]:
    cells = {name: row.cell(name) for name in row.columns if name not in _TOLD}
    return {name: cell.value for name, cell in cells.items() if not is_untold(cell)}
