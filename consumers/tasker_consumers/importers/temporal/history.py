"""Temporal event histories as events: a run is a task; its activities, child workflows and timers are steps.

| in the history | becomes |
|---|---|
| WorkflowExecutionStarted | `task.initialize_requested`, `task.start_requested` |
| …Completed, …ContinuedAsNew | `task.completed`; the next run of a continued one is a task of its own |
| …Failed, …TimedOut | `task.failed` |
| …Canceled, …Terminated | `task.cancelled` |
| scheduled, initiated | `step.execution_requested` |
| started | `step.handle`; before it `step.retry_requested` when this is a later attempt |
| completed, fired | `step.completed` |
| failed, timed out, a child that could not start | `step.failed`; `step.max_retries_reached` when the history says so |
| canceled, terminated | `step.cancelled` |

Temporal keeps only an activity's last attempt, so earlier attempts are known by their number alone. Whatever a run
leaves open stays open. A reset makes a run of its own, with the id that it was given. Workflow tasks, signals,
updates, markers (so local activities) and Nexus operations are no steps.
"""

from collections.abc import Callable

from tasker_consumers.importers.documents.document import load
from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.temporal.run import RunReader
from tasker_consumers.importers.temporal.spelling import TemporalNode, histories


def read(raw: bytes, name: str, note: Callable[[str], None] = lambda _: None) -> list[ImportedEvent]:
    """Return the events of every run in a file, each run's in the order of their times.

    `raw` is the file's content, plain or gzip, in any of the spellings of Temporal's tools; `name` is its name, and
    stands in for a run id that the history lacks. A file holds a history or a list of them. `note` hears of a history
    that goes on in another file. Raises BrokenFile.
    """
    document = load(raw, name)
    in_file = histories(TemporalNode(document.value, document.path))
    events: list[ImportedEvent] = []
    for number, (history, goes_on) in enumerate(in_file):
        fallback = f"temporal:{name}" if len(in_file) == 1 else f"temporal:{name}:{number}"
        run = list(RunReader(history, fallback).read())
        events += sorted(run, key=lambda event: event.timestamp)  # stable: a history's own order decides ties
        if goes_on:
            note(f"the history of {run[0].task_id} goes on: import the next pages, too")
    return events
