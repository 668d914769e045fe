"""A table of steps as events: of each row a step, of all rows with the same value of the task's column a task.

The table may be in any order and of any length: rows wait on disk until those of a task are together. Columns without a
field become attributes. A task without a row of its own lasts from its first step to its last.
"""

from collections.abc import Iterator
from itertools import groupby

from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.executions import TaskRun, events_of, failure_of, span_of_executions
from tasker_consumers.importers.options import Note, ReadOptions
from tasker_consumers.importers.repeated import numbered
from tasker_consumers.importers.sources import Content
from tasker_consumers.importers.spool import Spool
from tasker_consumers.importers.tables.mapping import columns_of
from tasker_consumers.importers.tables.row_reader import RowReader
from tasker_consumers.importers.tables.rows import Table
from tasker_consumers.importers.tables.step_row import StepRow


def read(content: Content, options: ReadOptions, note: Note) -> Iterator[ImportedEvent]:
    """Yield the events of every task in a table, a task at a time; raise BrokenFile."""
    table = Table(content, has_header=options.has_header)
    columns = columns_of(table.columns, options.columns)
    if not options.columns:
        note(f"columns: --map {','.join(f'{field}={column}' for field, column in columns.items())}")
    with Spool[StepRow]() as rows:
        reader = RowReader(columns, [name for name in table.columns if name not in columns.values()], options)
        for row in table:
            rows.add(row.cell(columns["task"]).identifier(), reader.read(row))
        is_empty = True
        for task, of_task in groupby(rows.by_key(), key=lambda entry: entry[0]):
            is_empty = False
            yield from events_of(_task(str(task), [row for _, row in of_task]))
    if is_empty:
        table.refuse_empty()


def _task(task: str, rows: list[StepRow]) -> TaskRun:
    rows.sort(key=lambda row: row.began_at)
    executions = [row.execution() for row in rows]
    if all(row.attempt is None for row in rows):
        executions = list(numbered(executions))
    return TaskRun(
        task_id=f"csv:{task}",
        name=next((row.task_name for row in rows if row.task_name), task),
        timing=span_of_executions(executions),
        executions=executions,
        reason=failure_of(executions),
        attributes={"imported_from": "CSV"},
    )
