"""Runs of Airflow's DAGs as events: a DAG run is a task, its task instances are the steps.

| in Airflow's answers | becomes |
|---|---|
| a DAG run, `queued_at`, `start_date`, `end_date` | task `airflow:<dag id>:<run id>` |
| a task instance, `queued_when`, `start_date`, `end_date` | step `<task id>`, for a mapped task `<task id>[<index>]` |
| `try_number` | the attempt of the step; the answer of `/tries` has the earlier attempts |
| success | `completed` |
| failed, up_for_retry | `failed` |
| upstream_failed, skipped, removed | `cancelled`, with that word as the reason |
| `downstream_task_ids` of the DAG's tasks | `depends_on` |

Any other state leaves the step open. A DAG run that the file does not list lasts from its first to its last instance.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tasker_consumers.importers.airflow.answers import Answers, RunKey, attempt_of, entries, step_id_of
from tasker_consumers.importers.documents.document import load
from tasker_consumers.importers.documents.node import Node
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
from tasker_consumers.importers.times import read_time
from tasker_schemas.names import State

_OUTCOMES: Mapping[str, State] = {
    "success": State.COMPLETE,
    "failed": State.ERROR,
    "up_for_retry": State.ERROR,
    "upstream_failed": State.CANCELLED,
    "skipped": State.CANCELLED,
    "removed": State.CANCELLED,
}
_OPEN = (
    "queued", "running", "scheduled", "restarting", "up_for_reschedule", "deferred", "none", "no_status",
    "shutdown",
)  # fmt: skip
_INSTANCE_ATTRIBUTES = ("operator", "operator_name", "hostname", "pool", "queue", "map_index", "note")
_RUN_ATTRIBUTES = ("run_type", "logical_date", "execution_date", "data_interval_start", "external_trigger", "note")


def read(raw: bytes, name: str) -> Iterator[ImportedEvent]:
    """Yield the events of every DAG run in a file; raise BrokenFile.

    `raw` is the file's content, `name` its name: answers of Airflow's API, in a list or on
    lines, or the output of its command with `-o json`.
    """
    answers = Answers()
    answers.add(load(raw, name))
    answers.check_pages()
    keys = list(entries(answers))
    if not keys:
        raise BrokenFile("the file", "no DAG run and no task instance is in it")
    for key in keys:
        yield from events_of(_task(answers, key))


def _task(answers: Answers, key: RunKey) -> TaskRun:
    dag_id, run_id = key
    dag_run = answers.runs.get(key)
    upstream = answers.upstream.get(dag_id) or answers.upstream.get("", {})
    instances = [node for _, node in sorted(answers.instances.get(key, {}).items())]
    ended_at = _time(dag_run, "end_date") if dag_run else None
    waits = _waits(upstream, instances)
    executions = [_execution(node, waits, ended_at) for node in instances]
    timing = span_of_executions(executions) if dag_run is None else _timing(dag_run, ended_at, "queued_at")
    state = dag_run.find("state") if dag_run else None
    return TaskRun(
        task_id=f"airflow:{dag_id}:{run_id}",
        name=dag_id,
        timing=timing,
        executions=executions,
        reason=failure_of(executions, state.text() if state else "failed"),
        attributes={"imported_from": "Airflow", **_attributes(dag_run, _RUN_ATTRIBUTES)},
        correlation_id=run_id,
    )


def _waits(upstream: Mapping[str, Sequence[str]], instances: Sequence[Node]) -> dict[str, list[str]]:
    """Return the steps that the steps of each task wait for; a mapped task has several."""
    steps: dict[str, dict[str, None]] = {}
    for node in instances:
        steps.setdefault(node.get("task_id").text(), {})[step_id_of(node)] = None
    return {
        task_id: [step_id for upstream_id in dict.fromkeys(tasks) for step_id in steps.get(upstream_id, ())]
        for task_id, tasks in upstream.items()
    }


def _execution(node: Node, waits: Mapping[str, Iterable[str]], run_ended_at: int | None) -> Execution:
    state, max_tries = node.find("state"), node.find("max_tries")
    task_id = node.get("task_id").identifier()
    return Execution(
        step_id=step_id_of(node),
        name=task_id,
        timing=_timing(node, run_ended_at, "queued_when"),
        attempt=attempt_of(node),
        reason=Reason(error_class=state.text(), message=f"Airflow's state: {state.text()}") if state else Reason(),
        attributes=_attributes(node, _INSTANCE_ATTRIBUTES),
        depends_on=tuple(waits.get(task_id, ())),
        retry_limit=max_tries.integer() + 1 if max_tries and max_tries.value != -1 else None,
    )


def _timing(node: Node, ended_at: int | None, queued: str) -> Timing:
    """Read the times and the state of a run or an instance; `ended_at` stands in for an end that is not told."""
    state = node.find("state")
    outcome = None if state is None else _OUTCOMES.get(state.text())
    if state is not None and outcome is None and state.value not in _OPEN:
        state.refuse(f"a state of Airflow ({', '.join([*_OUTCOMES, *_OPEN])})")
    timing = Timing(
        queued_at=_time(node, queued),
        started_at=None if outcome is State.CANCELLED else _time(node, "start_date"),
        ended_at=_time(node, "end_date") or (ended_at if outcome else None),
        outcome=outcome,
    )
    if outcome is not None and timing.told_at is None:
        raise BrokenFile(f"{node.path}.end_date".lstrip("."), "missing, and the DAG run tells no time in its place")
    return timing


def _time(node: Node, key: str) -> int | None:
    member = node.find(key)
    return read_time(member) if member else None


def _attributes(node: Node | None, names: Sequence[str]) -> dict[str, object]:
    members = {name: node.find(name) for name in names} if node else {}
    return {
        name: member.value
        for name, member in members.items()
        if member is not None and isinstance(member.value, str | int | bool)
    }
