"""WfCommons instances (WfFormat 1.3 to 1.5) as events: the instance is a task, each of its tasks is a step.

A step starts at its own `executedAt`, which WfFormat 1.5 may have, and lasts its `runtimeInSeconds`. A task without
that time starts when its last parent has ended, without a limit on parallelism; without a parent it starts with the
instance.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Any

from tasker_consumers.importers.documents.document import load
from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.event import EventMaker, ImportedEvent
from tasker_consumers.importers.times import LATEST, micros_of
from tasker_consumers.importers.wfcommons.schedule import GraphCycle, Slot, schedule
from tasker_consumers.importers.wfcommons.wfformat import Instance, WorkflowTask, read_instance
from tasker_schemas.names import StepEvents, TaskEvents


def read(raw: bytes, name: str) -> list[ImportedEvent]:
    """Return the events of an instance, in the order of their times.

    `raw` is the file's content, plain or gzip, `name` its name. The task's id comes from the instance's name and
    content, so another copy of the file gives the same events. Raises BrokenFile.
    """
    root = load(raw, name)
    instance = read_instance(root)
    slots = _schedule(instance)
    last = instance.executed_at + micros_of(max([Decimal(0), *(slot.end for slot in slots)]))
    if last > LATEST:
        raise BrokenFile("workflow", "its tasks would end after the year 2262")
    make = EventMaker(f"wfcommons:{instance.name}:{_digest(root.value)}", instance.name)
    steps = [event for slot in slots for event in _step_events(make, instance, slot)]
    # Stable: events of the same instant stay in the order of the graph, so that a parent ends before its child begins.
    steps.sort(key=lambda event: event.timestamp)
    return [*_opening(make, instance), *steps, _closing(make, instance, last)]


def _digest(document: Any) -> str:
    canonical = json.dumps(document, sort_keys=True, default=str)
    return sha256(canonical.encode()).hexdigest()[:8]


def _schedule(instance: Instance) -> list[Slot]:
    tasks = instance.tasks
    try:
        starts = [_seconds_after(instance, task) for task in tasks]
        return schedule([task.runtime for task in tasks], [task.parents for task in tasks], starts)
    except GraphCycle as cycle:
        ids = [tasks[member].task_id for member in cycle.members]
        place = f"{tasks[cycle.members[0]].path}.parents"
        raise BrokenFile(place, f"a cycle, each waits for the next: {' → '.join([*ids, ids[0]])}") from cycle


def _seconds_after(instance: Instance, task: WorkflowTask) -> Decimal | None:
    """Return the start of a task in seconds after that of its instance, None where the file does not tell it."""
    return None if task.executed_at is None else Decimal(task.executed_at - instance.executed_at) / 1_000_000


def _opening(make: EventMaker, instance: Instance) -> Iterator[ImportedEvent]:
    start = instance.executed_at
    attributes = {"imported_from": f"WfFormat {instance.version}", **instance.attributes}
    total = {"total_steps": len(instance.tasks)}
    yield make.make(TaskEvents.INITIALIZE_REQUESTED, start, "run", total, attributes)
    yield make.make(TaskEvents.START_REQUESTED, start, "run", {"started_at": start, **total}, attributes)


def _closing(make: EventMaker, instance: Instance, end: int) -> ImportedEvent:
    count = len(instance.tasks)
    return make.make(
        TaskEvents.COMPLETED,
        end,
        "run",
        {
            "started_at": instance.executed_at,
            "completed_at": end,
            "execution_duration": (end - instance.executed_at) / 1_000_000,
            "total_steps": count,
            "completed_steps": count,
            "failed_steps": 0,
            "pending_steps": 0,
        },
    )


def _step_events(make: EventMaker, instance: Instance, slot: Slot) -> Iterator[ImportedEvent]:
    task: WorkflowTask = instance.tasks[slot.position]
    started_at = instance.executed_at + micros_of(slot.start)
    completed_at = instance.executed_at + micros_of(slot.end)
    step = {
        "step_id": task.task_id,
        "step_name": task.name,
        "attempt_number": 1,
        "depends_on": [instance.tasks[parent].task_id for parent in task.parents],
    }
    started = {**step, "started_at": started_at}
    ended = {**started, "completed_at": completed_at, "execution_duration": float(task.runtime)}
    origin = task.task_id
    yield make.make(StepEvents.EXECUTION_REQUESTED, started_at, origin, step, task.requirements)
    yield make.make(StepEvents.HANDLE, started_at, origin, started, task.requirements)
    yield make.make(StepEvents.COMPLETED, completed_at, origin, ended, {**task.requirements, **task.usage})
