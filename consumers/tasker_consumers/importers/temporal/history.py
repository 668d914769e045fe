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

Temporal keeps only an activity's last attempt, so earlier ones are known by their number alone. What a run leaves open
stays open. Workflow tasks, signals, updates, markers (so local activities) and Nexus operations are no steps.
"""

from tasker_consumers.importers.document import Node, load
from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.temporal.run import RunReader


def read(raw: bytes, name: str) -> list[ImportedEvent]:
    """Return the events of every run in one file, each run's in the order of their times.

    `raw` is the file's content, plain or gzip, in either of the two spellings of event types; `name` is its name, and
    stands in for a run id that the history lacks. A file holds one history or a list of them. Raises BrokenFile.
    """
    histories = _histories(load(raw, name))
    events: list[ImportedEvent] = []
    for at, history in enumerate(histories):
        fallback = f"temporal:{name}" if len(histories) == 1 else f"temporal:{name}:{at}"
        made = RunReader(history, fallback).read()
        events += sorted(made, key=lambda event: event.timestamp)  # stable: a history's own order decides ties
    return events


def _histories(root: Node) -> list[Node]:
    """Return the list of events of each history."""
    if isinstance(root.value, dict):
        return [root.get("events")]
    items = root.items()
    if items and items[0].find("eventType"):
        return [root]
    return [item.get("events") for item in items]
