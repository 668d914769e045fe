"""A run reduced to its units, tasks and steps that are known by name and occurrence, and to the time each decided.

The same name at the same place of two runs is the same unit: `order_processing > charge_card #2` is the second step of
that name below that task. All times are nanoseconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tasker_consumers.telemetry.spans.span import ERROR, Span
from tasker_consumers.trace_view.timing import deciding_chain
from tasker_consumers.trace_view.tree import Node, build_tree

UnitKey = tuple[tuple[str, int], ...]
"""Name and occurrence, from 1, of each level from the outermost down to the unit."""

ROOT: UnitKey = ()


@dataclass(slots=True)
class Unit:
    """A task or a step with all its attempts."""

    key: UnitKey
    start: int
    end: int
    status: str
    attempts: int
    services: tuple[str, ...]
    errors: tuple[str, ...]
    attributes: dict[str, object]
    #: How much of the run's duration the run waited for this unit itself, not for a unit below it.
    decided: int = 0


@dataclass(slots=True)
class RunShape:
    """The units of a run in the order in which they began; their `decided` times and `idle` are the whole duration."""

    start: int
    end: int
    units: dict[UnitKey, Unit] = field(default_factory=dict)
    #: The time in which no task of the run was open.
    idle: int = 0

    @property
    def duration(self) -> int:
        """The whole duration."""
        return self.end - self.start

    def outermost(self) -> list[Unit]:
        """Return the tasks that lie in no other."""
        return [unit for key, unit in self.units.items() if len(key) == 1]


def key_text(key: UnitKey) -> str:
    """Return a key as people read it.

    >>> key_text((("order", 1), ("charge", 2)))
    'order > charge #2'
    """
    return " > ".join(name if number == 1 else f"{name} #{number}" for name, number in key) or "(no task)"


def shape_of(spans: Sequence[Span], present: int) -> RunShape | None:
    """Return the shape of the run that these spans are; None without spans. `present` ends what still runs."""
    roots = build_tree(spans, (), present)
    return shape_of_tree(roots, present) if roots else None


def shape_of_tree(roots: Sequence[Node], present: int) -> RunShape:
    """Return the shape of the run whose tree has these roots."""
    shape = RunShape(min(node.start for node in roots), max(node.end for node in roots))
    keys: dict[str, UnitKey] = {}
    pending: list[tuple[UnitKey, Sequence[Node]]] = [(ROOT, roots)]
    while pending:
        parent, nodes = pending.pop()
        for key, attempts in _occurrences(parent, nodes):
            shape.units[key] = _unit_of(key, attempts)
            keys.update((node.span.span_id, key) for node in attempts)
            pending.append((key, [child for node in attempts for child in node.children]))
    shape.units = dict(sorted(shape.units.items(), key=lambda item: (item[1].start, item[0])))
    _decide(shape, roots, keys, present)
    return shape


def _occurrences(parent: UnitKey, nodes: Sequence[Node]) -> Iterator[tuple[UnitKey, list[Node]]]:
    """Yield the key and the attempts of each unit below a unit."""
    units: dict[tuple[str, str], list[Node]] = {}
    for node in sorted(nodes, key=lambda node: (node.start, node.end, node.span.span_id)):
        attributes = node.span.attributes
        name = str(attributes.get("step_name") or attributes.get("step_id") or attributes.get("task_name") or "")
        identity = str(attributes.get("step_id") or attributes.get("task_id") or node.span.span_id)
        units.setdefault((name or node.span.name, identity), []).append(node)
    counts: dict[str, int] = {}
    for (name, _), attempts in units.items():
        counts[name] = counts.get(name, 0) + 1
        yield (*parent, (name, counts[name])), attempts


def _unit_of(key: UnitKey, attempts: Sequence[Node]) -> Unit:
    latest = max(attempts, key=lambda node: (node.span.attributes.get("attempt_number", 1), node.end))
    status = latest.span.attributes.get("status") or ("error" if latest.span.status == ERROR else "unknown")
    return Unit(
        key=key,
        start=min(node.start for node in attempts),
        end=max(node.end for node in attempts),
        status=str(status),
        attempts=len(attempts),
        services=tuple(dict.fromkeys(node.span.service for node in attempts if node.span.service)),
        errors=tuple(dict.fromkeys(error for node in attempts for error in node.errors)),
        attributes={
            **latest.span.attributes,
            **({"service": latest.span.service} if latest.span.service else {}),
            **({"service_version": latest.span.version} if latest.span.version else {}),
        },
    )


def _decide(shape: RunShape, roots: Sequence[Node], keys: dict[str, UnitKey], present: int) -> None:
    """Give every moment of the run to exactly one unit: the innermost that the run waited for."""
    pending: list[tuple[UnitKey, Sequence[Node], int, int]] = [(ROOT, roots, shape.start, shape.end)]
    while pending:
        owner, nodes, start, end = pending.pop()
        by_id = {node.span.span_id: node for node in nodes}
        spans = [node.span for node in nodes]
        for segment in deciding_chain(start, end, spans, present):
            if segment.span is not None:
                node = by_id[segment.span.span_id]
                pending.append((keys[node.span.span_id], node.children, segment.start, segment.end))
            elif segment == (None, start, end):
                if owner == ROOT:
                    shape.idle += end - start
                else:
                    shape.units[owner].decided += end - start
            else:  # no span ended here; but spans that ended later can have run
                pending.append((owner, nodes, segment.start, segment.end))
