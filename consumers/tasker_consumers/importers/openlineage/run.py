"""Runs of OpenLineage, gathered from their run events in any order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tasker_consumers.importers.documents.node import Node
from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.executions import Reason, Timing
from tasker_consumers.importers.times import read_time
from tasker_schemas.names import State

_OUTCOMES: Mapping[str, State] = {
    "COMPLETE": State.COMPLETE,
    "FAIL": State.ERROR,
    "ABORT": State.CANCELLED,
}
_TYPES = ("START", "RUNNING", *_OUTCOMES, "OTHER")
_TEMPLATE = "{{"  # recorded events of tests have a template in place of an id
_UNTOLD = ("parent", "errorMessage")  # facets with a meaning of their own
_LONGEST_VALUE, _MOST_ATTRIBUTES = 500, 60


@dataclass(frozen=True, slots=True)
class JobRef:
    """A run as other runs name it: its id, and the name and namespace of its job."""

    run_id: str
    name: str
    namespace: str


@dataclass(slots=True)
class LineageRun:
    """A run; times are in microseconds, `inputs` and `outputs` are names of datasets."""

    job: JobRef
    parent: JobRef | None = None
    root_id: str | None = None
    first_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    outcome: State | None = None
    reason: Reason = field(default_factory=Reason)
    attributes: dict[str, Any] = field(default_factory=dict)
    inputs: set[str] = field(default_factory=set)
    outputs: set[str] = field(default_factory=set)

    @property
    def timing(self) -> Timing:
        """Its times; a run whose start is not told was created no later than its first event."""
        return Timing(
            queued_at=self.first_at if self.started_at is None else None,
            started_at=self.started_at,
            ended_at=self.ended_at,
            outcome=self.outcome,
        )

    def add(self, event: Node) -> None:
        """Take what an event tells; raise BrokenFile."""
        kind, time = event.get("eventType"), read_time(event.get("eventTime"))
        if kind.value not in _TYPES:
            kind.refuse(f"one of {', '.join(_TYPES)}")
        self.first_at = time if self.first_at is None else min(self.first_at, time)
        if kind.value == "START":
            self.started_at = time if self.started_at is None else min(self.started_at, time)
        facets, job_facets = event.get("run").find("facets"), event.get("job").find("facets")
        if (outcome := _OUTCOMES.get(kind.text())) and (self.ended_at is None or time >= self.ended_at):
            self.ended_at, self.outcome = time, outcome
            self.reason = _reason(facets, outcome)
        for holder in (facets, job_facets):
            self.attributes.update(_facets(holder) if holder else {})
        self.inputs |= _datasets(event.find("inputs"))
        self.outputs |= _datasets(event.find("outputs"))


def job_of(event: Node) -> JobRef:
    """Return the run of an event; raise BrokenFile."""
    return _job(event.get("run").get("runId"), event.get("job"), event)


def parents_of(event: Node) -> tuple[JobRef | None, str | None]:
    """Return the run above that of an event, and the id of the run that began all; None where they are not told."""
    facets = event.get("run").find("facets")
    parent = facets.find("parent") if facets else None
    if parent is None:
        return None, None
    parent_job = _job(parent.get("run").get("runId"), parent.get("job"), event)
    root = parent.find("root")
    root_run = root.find("run") if root else None
    return parent_job, (root_run.get("runId").identifier() if root_run else None)


def _job(run_id: Node, job: Node, event: Node) -> JobRef:
    namespace, name = job.find("namespace"), job.get("name").identifier()
    within = namespace.identifier() if namespace else ""
    if _TEMPLATE not in run_id.text():
        return JobRef(run_id.identifier(), name, within)
    invocation = _invocation(event)
    if invocation is None:
        run_id.refuse("the id of a run")
    digest = sha256(f"{invocation}/{within}/{name}".encode()).hexdigest()[:16]
    return JobRef(f"{name}:{digest}", name, within)


def _invocation(event: Node) -> str | None:
    """Return the id of the dbt command that an event belongs to: with the job's name it identifies the run."""
    facets = event.get("run").find("facets")
    dbt_run = facets.find("dbt_run") if facets else None
    invocation = dbt_run.find("invocation_id") if dbt_run else None
    return None if invocation is None or _TEMPLATE in invocation.text() else invocation.text()


def _reason(facets: Node | None, outcome: State) -> Reason:
    error = facets.find("errorMessage") if facets else None
    if error is None:
        return Reason(message="ABORT") if outcome is State.CANCELLED else Reason(error_class="Failure")
    message, stack, language = error.find("message"), error.find("stackTrace"), error.find("programmingLanguage")
    lines = str(stack.value).splitlines() if stack else []
    text = str(message.value) if message else ""
    return Reason(
        error_class=_class_of(lines) or (f"{language.value} error" if language else "Failure"),
        message=text,
        backtrace=tuple(line.strip() for line in lines if line.strip()),
    )


def _class_of(lines: list[str]) -> str | None:
    """Return the class of the exception that a Python traceback ends with."""
    names = [line.partition(":")[0] for line in lines if line[:1].isalpha() and ":" in line]
    return next((name for name in reversed(names) if name.replace(".", "").isidentifier()), None)


def _facets(holder: Node) -> dict[str, Any]:
    """Return the plain members of facets as attributes; an underscore begins what only describes the facet."""
    if not isinstance(holder.value, dict):
        holder.refuse("an object")
    attributes: dict[str, Any] = {}
    for facet, members in holder.value.items():
        if facet in _UNTOLD or not isinstance(members, dict):
            continue
        for name, value in members.items():
            if not name.startswith("_") and value is not None and not isinstance(value, dict | list):
                attributes[f"{facet}.{name}"] = _plain(value)
    return dict(list(attributes.items())[:_MOST_ATTRIBUTES])


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_LONGEST_VALUE]
    return value if isinstance(value, bool | int) else float(value)


def _datasets(listed: Node | None) -> set[str]:
    datasets = listed.items() if listed else []
    return {f"{_text(dataset, 'namespace')}/{dataset.get('name').text()}" for dataset in datasets}


def _text(node: Node, key: str) -> str:
    member = node.find(key)
    return member.text() if member else ""


def require_any(runs: Mapping[str, LineageRun]) -> None:
    """Raise BrokenFile when there is no run."""
    if not runs:
        raise BrokenFile("the file", "no run event is in it")
