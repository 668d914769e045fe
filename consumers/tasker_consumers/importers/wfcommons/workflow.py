"""WfCommons instances (WfFormat 1.3 to 1.5) as events: the instance is a task, each of its tasks is a step.

The format tells how long each task ran and what it waited for, but not when it began. So a step starts when its last
parent has ended, as many at a time as there are, and lasts its `runtimeInSeconds`; the first starts at `executedAt`.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from typing import Any

from tasker_consumers.importers.document import load
from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.event import EventMaker, ImportedEvent
from tasker_consumers.importers.times import LATEST, micros_of
from tasker_consumers.importers.wfcommons.schedule import GraphCycle, Slot, schedule
from tasker_consumers.importers.wfcommons.wfformat import Instance, WorkflowTask, read_instance
from tasker_schemas.names import StepEvents, TaskEvents


def read(raw: bytes, name: str) -> list[ImportedEvent]:
    """Return the events of one instance, in the order of their times.

    `raw` is the file's content, plain or gzip, `name` its name. The task's id comes from the instance's name and
    content, so another copy of the file gives the same events. Raises BrokenFile.
    """
    root = load(raw, name)
    instance = read_instance(root)
    slots = _schedule(instance)
    last = instance.executed_at + micros_of(max((slot.end for slot in slots), default=Decimal(0)))
    if last > LATEST:
        raise BrokenFile("workflow", "its tasks would end after the year 2262")
    make = EventMaker(f"wfcommons:{instance.name}:{_digest(root.value)}", instance.name)
    steps = [event for slot in slots for event in _step_events(make, instance, slot)]
    # Stable: events of one instant stay in the order of the graph, so that a parent ends before its child begins.
    steps.sort(key=lambda event: event.timestamp)
    return [*_opening(make, instance), *steps, _closing(make, instance, last)]


def _digest(document: Any) -> str:
    canonical = json.dumps(document, sort_keys=True, default=str)
    return sha256(canonical.encode()).hexdigest()[:8]


def _schedule(instance: Instance) -> list[Slot]:
    tasks = instance.tasks
    try:
        return schedule([task.runtime for task in tasks], [task.parents for task in tasks])
    except GraphCycle as cycle:
        ids = [tasks[member].task_id for member in cycle.members]
        place = f"{tasks[cycle.members[0]].place}.parents"
        raise BrokenFile(place, f"a cycle, each waits for the next: {' → '.join([*ids, ids[0]])}") from cycle


def _opening(make: EventMaker, instance: Instance) -> Iterator[ImportedEvent]:
    begin = instance.executed_at
    about = {"imported_from": f"WfFormat {instance.version}", **instance.about}
    total = {"total_steps": len(instance.tasks)}
    yield make.make(TaskEvents.INITIALIZE_REQUESTED, begin, "run", total, about)
    yield make.make(TaskEvents.START_REQUESTED, begin, "run", {"started_at": begin, **total}, about)


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
    yield make.make(StepEvents.EXECUTION_REQUESTED, started_at, origin, step, task.needs)
    yield make.make(StepEvents.HANDLE, started_at, origin, started, task.needs)
    yield make.make(StepEvents.COMPLETED, completed_at, origin, ended, {**task.needs, **task.used})
