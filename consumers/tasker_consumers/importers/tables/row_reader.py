"""Reads rows of a table as steps."""

import re
from collections.abc import Mapping
from typing import Any

from tasker_consumers.importers.executions import STEP_ENDS, Timing
from tasker_consumers.importers.options import ReadOptions
from tasker_consumers.importers.tables.rows import Cell, Row
from tasker_consumers.importers.tables.step_row import StepRow
from tasker_consumers.importers.tables.values import is_untold, read_attempt, read_duration, read_moment, read_state
from tasker_schemas.names import State

_SEPARATORS = re.compile(r"[;,|]")


class RowReader:
    """Reads rows by the columns of their fields; `attribute_columns` are the columns that become attributes."""

    def __init__(self, columns: Mapping[str, str], attribute_columns: list[str], options: ReadOptions) -> None:
        self._columns = columns
        self._attribute_columns = attribute_columns
        self._options = options

    def read(self, row: Row) -> StepRow:
        """Return the step of a row; raise BrokenFile."""
        name, error, attempt = (self._cell(row, field) for field in ("name", "error", "attempt"))
        depends_on = self._cell(row, "depends_on")
        timing = self._timing(row)
        return StepRow(
            task_name=name.identifier() if name else None,
            step=row.cell(self._columns["step"]).identifier(),
            queued_at=timing.queued_at,
            started_at=timing.started_at,
            ended_at=timing.ended_at,
            outcome=timing.outcome,
            attempt=read_attempt(attempt) if attempt else None,
            error=error.value if error else "",
            depends_on=_names(depends_on) if depends_on else (),
            attributes=self._attributes(row),
        )

    def _timing(self, row: Row) -> Timing:
        queued, started, ended = (self._moment(row, field) for field in ("queued", "start", "end"))
        duration, status = self._cell(row, "duration"), self._cell(row, "status")
        state = read_state(status, self._options) if status else None
        if state is State.PENDING:
            queued, started, ended = started if queued is None else queued, None, None
        elif state is State.IN_PROGRESS:
            ended = None
        elif duration is not None and started is not None and ended is None:
            ended = started + read_duration(duration)
        elif duration is not None and started is None and ended is not None:
            started = max(0, ended - read_duration(duration))
        if (queued, started, ended) == (None, None, None):
            row.refuse("no time is in it")
        if state is None:
            state = State.IN_PROGRESS if ended is None else State.COMPLETE
        return Timing(
            queued_at=queued, started_at=started, ended_at=ended, outcome=state if state in STEP_ENDS else None
        )

    def _moment(self, row: Row, field: str) -> int | None:
        cell = self._cell(row, field)
        return None if cell is None else read_moment(cell, self._options)

    def _cell(self, row: Row, field: str) -> Cell | None:
        """Return the value of a field, None where the table does not tell it."""
        column = self._columns.get(field)
        cell = None if column is None else row.cell(column)
        return None if cell is None or is_untold(cell) else cell

    def _attributes(self, row: Row) -> dict[str, Any]:
        return {name: text for name in self._attribute_columns if (text := row.cell(name).value)}


def _names(cell: Cell) -> tuple[str, ...]:
    parts = (Cell(part.strip(), cell.line, cell.column) for part in _SEPARATORS.split(cell.value))
    return tuple(part.identifier() for part in parts if part.value)
