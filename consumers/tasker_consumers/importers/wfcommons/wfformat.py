"""WfFormat documents, versions 1.3 to 1.5, as plain values.

1.5 has the tasks in `workflow.specification` and their executions in `workflow.execution`; before, a single list held
both. 1.3 spells some members differently and counts memory and I/O in KiB. The members of a file decide how it is read,
not its version: real files mix the spellings.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tasker_consumers.importers.documents.node import Node
from tasker_consumers.importers.times import read_time

VERSIONS = ("1.3", "1.4", "1.5")
_LONGEST = Decimal(10**10)  # seconds, over 300 years
_KIB = 1024


@dataclass(frozen=True, slots=True)
class WorkflowTask:
    """A task of an instance; `parents` are positions in the instance's list of tasks.

    `executed_at` is in microseconds since the epoch, None where the file does not tell it. `path` is that of its value.
    """

    task_id: str
    name: str
    parents: tuple[int, ...]
    runtime: Decimal
    executed_at: int | None
    requirements: Mapping[str, Any]
    usage: Mapping[str, Any]
    path: str


@dataclass(frozen=True, slots=True)
class Instance:
    """A run of a workflow; `executed_at` is in microseconds since the epoch."""

    name: str
    version: str
    executed_at: int
    tasks: tuple[WorkflowTask, ...]
    attributes: Mapping[str, Any]


def read_instance(root: Node) -> Instance:
    """Read a document; raise BrokenFile with the path of a value that does not fit the format."""
    version = root.get("schemaVersion")
    if version.value not in VERSIONS:
        version.refuse(f"WfFormat {', '.join(VERSIONS[:-1])} or {VERSIONS[-1]}")
    workflow = root.get("workflow")
    execution = workflow.get("execution") if workflow.find("specification") else workflow
    system = root.find("runtimeSystem", "wms")
    return Instance(
        name=root.get("name").identifier(),
        version=version.text(),
        executed_at=read_time(execution.get("executedAt")),
        tasks=_tasks(workflow, execution),
        attributes={
            "runtime_system": _text(system, "name") if system else None,
            "runtime_system_version": _text(system, "version") if system else None,
            "makespan_seconds": _number(execution, "makespanInSeconds", "makespan"),
        },
    )


def _tasks(workflow: Node, execution: Node) -> tuple[WorkflowTask, ...]:
    specification = workflow.find("specification") or workflow
    specified = specification.get("tasks").items()
    keys = [node.find("id") or node.get("name") for node in specified]
    ids = _unique(keys)
    names = {text: position for position, node in enumerate(specified) if (text := _text(node, "name")) is not None}
    executed = _executed(execution, ids) if specification is not workflow else specified
    return tuple(
        _task(node, ran, task_id, _parents(node, names | ids))
        for node, ran, task_id in zip(specified, executed, ids, strict=True)
    )


def _unique(keys: Iterable[Node]) -> dict[str, int]:
    positions: dict[str, int] = {}
    for node in keys:
        task_id = node.identifier()
        if task_id in positions:
            node.refuse(f"an id that no other task has (task {positions[task_id]} has it)")
        positions[task_id] = len(positions)
    return positions


def _executed(execution: Node, ids: Mapping[str, int]) -> list[Node]:
    """Return the execution of each task, in the order of the specification."""
    tasks = execution.get("tasks")
    by_id: dict[str, Node] = {}
    for node in tasks.items():
        key = node.get("id")
        if key.text() not in ids:
            key.refuse("the id of a task in workflow.specification.tasks")
        if key.text() in by_id:
            key.refuse("an id that no other entry has")
        by_id[key.text()] = node
    for task_id in ids:
        if task_id not in by_id:
            tasks.refuse(f"an entry for the task {task_id!r} of workflow.specification.tasks")
    return [by_id[task_id] for task_id in ids]


def _parents(node: Node, positions: Mapping[str, int]) -> tuple[int, ...]:
    """Return the positions of a task's parents; older versions give their names, newer versions their ids."""
    listed = node.find("parents")
    parents: dict[int, None] = {}
    for parent in listed.items() if listed else ():
        position = positions.get(parent.text())
        if position is None:
            parent.refuse("the id of another task")
        parents[position] = None
    return tuple(parents)


def _task(node: Node, ran: Node, task_id: str, parents: tuple[int, ...]) -> WorkflowTask:
    runtime = ran.find("runtimeInSeconds", "runtime") or ran.get("runtimeInSeconds")
    if not 0 <= runtime.number() <= _LONGEST:
        runtime.refuse(f"seconds from 0 to {_LONGEST}")
    command, executed_at = ran.find("command"), ran.find("executedAt")
    return WorkflowTask(
        task_id=task_id,
        name=_text(node, "name") or task_id,
        parents=parents,
        runtime=runtime.number(),
        # Before 1.5 a task's entry is its execution, too, and has no such member.
        executed_at=read_time(executed_at) if executed_at else None,
        requirements={
            "machine": _machines(ran),
            "cores": _number(ran, "coreCount", "cores"),
            "program": _text(command, "program") if command else None,
            "category": _text(node, "category"),
        },
        usage={
            "read_bytes": _bytes(ran, "readBytes", "bytesRead"),
            "written_bytes": _bytes(ran, "writtenBytes", "bytesWritten"),
            "memory_bytes": _bytes(ran, "memoryInBytes", "memory"),
            "avg_cpu": _number(ran, "avgCPU"),
        },
        path=node.path,
    )


def _machines(ran: Node) -> str | None:
    listed = ran.find("machines")
    if listed is not None:
        return ", ".join(machine.text() for machine in listed.items()) or None
    return _text(ran, "machine")


def _bytes(ran: Node, in_bytes: str, in_kib: str) -> int | float | None:
    """Return a quantity in bytes; a file that has both spellings rounds the older, in KiB."""
    exact, kib = _number(ran, in_bytes), _number(ran, in_kib)
    return kib * _KIB if exact is None and kib is not None else exact


def _number(node: Node, *keys: str) -> int | float | None:
    member = node.find(*keys)
    if member is None:
        return None
    number = member.number()
    if abs(number) >= 2**63:
        member.refuse("a number below 2**63")
    return int(number) if number == number.to_integral_value() else float(number)


def _text(node: Node, key: str) -> str | None:
    member = node.find(key)
    return member.text() if member else None
