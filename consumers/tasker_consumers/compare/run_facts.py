"""The facts of a run that populations are compared by: duration, outcome, decided times, failures, attributes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tasker_consumers.compare.shape import RunShape, Unit, shape_of_tree
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.trace_view.tree import Node, build_tree

#: The part of a run in which it waited for no step.
BETWEEN_STEPS = "(between steps)"

#: Attributes that tell a run from all others, or its outcome, or are ours.
_NO_CAUSES = frozenset({
    "task_id", "task_name", "step_id", "step_name", "execution_duration", "completion_time", "correlation_id", "status",
    "parent_task_id", "attempt_number", "error.type", "total_steps", "completed_steps", "failed_steps", "pending_steps",
    "retry_limit", "producer",
})  # fmt: skip

AttributeName = tuple[str, str]
"""The unit, empty for the task itself, and the name of an attribute of it."""


@dataclass(slots=True)
class RunFacts:
    """A run; times in nanoseconds. `decided` adds up to the duration."""

    task_id: str
    start: int
    duration: int
    status: str
    versions: frozenset[str]
    decided: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    values: set[tuple[AttributeName, str]] = field(default_factory=set)
    numbers: dict[AttributeName, float] = field(default_factory=dict)


def facts_of_runs(spans: Sequence[Span], name: str, present: int) -> list[RunFacts]:
    """Return the facts of the tasks of a name, in the order in which they began."""
    by_trace: dict[str, list[Span]] = {}
    for span in spans:
        by_trace.setdefault(span.trace_id, []).append(span)
    runs = [
        facts_of_run(shape_of_tree([node], present))
        for trace in by_trace.values()
        for node in _tasks_of(build_tree(trace, (), present), name)
    ]
    return sorted(runs, key=lambda run: (run.start, run.task_id))


def _tasks_of(roots: Sequence[Node], name: str) -> Iterator[Node]:
    pending = list(roots)
    while pending:
        node = pending.pop()
        attributes = node.span.attributes
        if "step_id" not in attributes and attributes.get("task_name") == name:
            yield node
        else:
            pending += node.children


def facts_of_run(shape: RunShape) -> RunFacts:
    """Return the facts of a run with a single outermost task."""
    [task] = shape.outermost()
    units = list(shape.units.values())
    versions = {str(unit.attributes["service_version"]) for unit in units if unit.attributes.get("service_version")}
    facts = RunFacts(
        str(task.attributes.get("task_id", "")), shape.start, shape.duration, task.status, frozenset(versions)
    )
    for unit in units:
        label = label_of(unit)
        owner = label or BETWEEN_STEPS
        facts.decided[owner] = facts.decided.get(owner, 0) + unit.decided
        if label and unit.status == "error":
            facts.failed.add(label)
        _add_attributes(facts, label, unit)
    return facts


def label_of(unit: Unit) -> str:
    """Return the names below the task, without occurrences: steps of a name are the same cause; empty for the task."""
    return " > ".join(name for name, _ in unit.key[1:])


def _add_attributes(facts: RunFacts, label: str, unit: Unit) -> None:
    for name, value in _causes(unit.attributes):
        if isinstance(value, int | float) and not isinstance(value, bool):
            facts.numbers[label, name] = float(value)
        elif (("", name), str(value)) not in facts.values:  # of a step only what its task does not say
            facts.values.add(((label, name), str(value)))


def _causes(attributes: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    for name, value in attributes.items():
        if name not in _NO_CAUSES and not name.startswith("tasker.") and not isinstance(value, list):
            yield name, value
    if isinstance(producer := attributes.get("producer"), str) and (host := producer.partition(":")[0]):
        yield "host", host
