"""Run events of OpenLineage as events: a run without a parent is a task, the runs below it are steps.

| in the run events | becomes |
|---|---|
| a run without a parent | task `openlineage:<run id>` |
| a run with a parent | step of the parent's task, named after its job; with runs below it also a task of its own |
| START | `task.start_requested`, `step.handle` |
| COMPLETE | `completed` |
| FAIL | `failed`, with the facet `errorMessage` |
| ABORT | `cancelled` |
| RUNNING, OTHER | nothing but their facets |
| facets of the run and the job | attributes, `<facet>.<member>` |
| an input that a sibling has as an output | `depends_on` |

A run of a job that failed under the same parent is the next attempt of the step. A parent that the file only names is
a task without a start and an end.
"""

from collections.abc import Iterator, Mapping, Sequence

from tasker_consumers.importers.documents.document import stream
from tasker_consumers.importers.documents.node import Node
from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.executions import Execution, TaskRun, Timing, events_of
from tasker_consumers.importers.openlineage.run import JobRef, LineageRun, job_of, parents_of, require_any
from tasker_consumers.importers.repeated import numbered
from tasker_consumers.importers.sources import Content

_IMPORTED = {"imported_from": "OpenLineage"}


def read(content: Content) -> Iterator[ImportedEvent]:
    """Yield the events of every run in a file: a list of run events, or an event on each line; raise BrokenFile."""
    runs: dict[str, LineageRun] = {}
    for document in stream(content, Node):
        for event in _run_events(document):
            job = job_of(event)
            run = runs.setdefault(job.run_id, LineageRun(job))
            parent, root_id = parents_of(event)
            run.parent, run.root_id = parent or run.parent, root_id or run.root_id
            run.add(event)
    require_any(runs)
    for task in _roots(runs):
        yield from events_of(task)


def _run_events(root: Node) -> Iterator[Node]:
    """Yield run events; events about jobs and datasets alone tell of no run."""
    if isinstance(root.value, list):
        for item in root.items():
            yield from _run_events(item)
    elif (events := root.find("events")) is not None:  # an answer of Marquez
        yield from _run_events(events)
    elif root.find("run") is not None or (root.find("dataset") is None and root.find("job") is None):
        yield root


def _roots(runs: Mapping[str, LineageRun]) -> Iterator[TaskRun]:
    children: dict[str, list[LineageRun]] = {}
    named_parents: dict[str, JobRef] = {}  # parents that have no event
    for run in runs.values():
        if run.parent is not None:
            children.setdefault(run.parent.run_id, []).append(run)
            if run.parent.run_id not in runs:
                named_parents[run.parent.run_id] = run.parent
    ordered = [*(run_id for run_id, run in runs.items() if run.parent is None), *named_parents]
    roots = dict.fromkeys(ordered)
    for run_id in ordered:  # grows while it is read: parents before their children
        ordered += [child.job.run_id for child in children.get(run_id, ())]
    if len(ordered) < len(runs) + len(named_parents):
        lost = sorted(set(runs) - set(ordered))
        raise BrokenFile("the file", f"runs are each other's parents: {', '.join(lost[:3])}")
    tasks: dict[str, TaskRun] = {}
    for run_id in reversed(ordered):
        if run_id in children or run_id in roots:
            steps = _steps(children.get(run_id, ()), tasks)
            tasks[run_id] = _task(runs[run_id], steps) if run_id in runs else _named_task(named_parents[run_id], steps)
    for run_id in roots:
        yield tasks[run_id]


def _task(run: LineageRun, steps: Sequence[Execution]) -> TaskRun:
    return TaskRun(
        task_id=f"openlineage:{run.job.run_id}",
        name=run.job.name,
        timing=run.timing,
        executions=steps,
        reason=run.reason,
        attributes={**_IMPORTED, "job_namespace": run.job.namespace or None, **run.attributes},
        correlation_id=run.root_id,
    )


def _named_task(job: JobRef, steps: Sequence[Execution]) -> TaskRun:
    return TaskRun(task_id=f"openlineage:{job.run_id}", name=job.name, timing=Timing(), executions=steps)


def _steps(runs: Sequence[LineageRun], tasks: Mapping[str, TaskRun]) -> list[Execution]:
    """Return the runs below a run as its steps, in the order in which they began."""
    ordered = sorted(runs, key=lambda run: (_began(run), run.job.run_id))
    namespaces = {run.job.namespace for run in ordered}
    ids = [run.job.name if len(namespaces) == 1 else f"{run.job.namespace}/{run.job.name}" for run in ordered]
    writers: dict[str, dict[str, None]] = {}  # of each dataset, the steps that have written it so far
    executions = []
    for step_id, run in zip(ids, ordered, strict=True):
        needed = {writer: None for dataset in sorted(run.inputs) for writer in writers.get(dataset, ())}
        executions.append(
            Execution(
                step_id=step_id,
                name=run.job.name,
                timing=run.timing,
                reason=run.reason,
                attributes={"run_id": run.job.run_id, **run.attributes},
                depends_on=tuple(writer for writer in needed if writer != step_id),
                inner=tasks.get(run.job.run_id),
            )
        )
        for dataset in run.outputs:
            writers.setdefault(dataset, {})[step_id] = None
    return list(numbered(executions))


def _began(run: LineageRun) -> int:
    return next((time for time in (run.started_at, run.first_at) if time is not None), 0)
