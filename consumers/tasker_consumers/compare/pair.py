"""Two runs side by side: where they part, which units are new, gone or slower, and how the durations differ.

The differences add up: those of all units, and that of the time without any, are the difference of the two durations.
Times are nanoseconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasker_consumers.compare.shape import RunShape, Unit, UnitKey, key_text

#: Attributes that differ between any two runs.
_ALWAYS_DIFFERENT = frozenset({
    "task_id", "execution_duration", "completion_time", "producer", "correlation_id", "parent_task_id", "status",
    "attempt_number", "step_id", "error.type", "total_steps", "completed_steps", "failed_steps", "pending_steps",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnitDifference:
    """A unit in both runs; None where a run does not have it."""

    key: UnitKey
    first: Unit | None
    second: Unit | None

    @property
    def decided(self) -> int:
        """How much longer the second run waited for the unit itself."""
        return (0 if self.second is None else self.second.decided) - (0 if self.first is None else self.first.decided)

    @property
    def duration(self) -> int | None:
        """How much longer the unit took in the second run; None where a run does not have it."""
        if self.first is None or self.second is None:
            return None
        return (self.second.end - self.second.start) - (self.first.end - self.first.start)

    @property
    def change(self) -> str:
        """The difference beside time: `new`, `gone`, `other outcome`, `other attempts`, or nothing."""
        if self.first is None or self.second is None:
            return "new" if self.first is None else "gone"
        if self.first.status != self.second.status:
            return "other outcome"
        return "other attempts" if self.first.attempts != self.second.attempts else ""


@dataclass(frozen=True, slots=True)
class AttributeDifference:
    """An attribute of a task that differs; None where a run does not have it."""

    task: UnitKey
    name: str
    first: object
    second: object


@dataclass(frozen=True, slots=True)
class PairDifference:
    """All differences of two runs."""

    first: RunShape
    second: RunShape
    units: tuple[UnitDifference, ...]
    attributes: tuple[AttributeDifference, ...]

    @property
    def duration(self) -> int:
        """How much longer the second run took."""
        return self.second.duration - self.first.duration

    @property
    def idle(self) -> int:
        """How much longer no task was open in the second run."""
        return self.second.idle - self.first.idle

    @property
    def parting(self) -> UnitDifference | None:
        """The unit with the first difference beside time, by its distance from the run's start."""
        changed = (unit for unit in self.units if unit.change)
        return min(changed, key=lambda unit: (self._offset(unit), -len(unit.key)), default=None)

    def ranked(self) -> list[UnitDifference]:
        """Return the units that differ, those that explain most of the difference first."""
        different = [unit for unit in self.units if unit.decided or unit.change or unit.duration]
        return sorted(different, key=lambda unit: (-abs(unit.decided), unit.change == "", unit.key))

    def _offset(self, unit: UnitDifference) -> int:
        """Return when a difference shows: an absence from the start of the unit on, an outcome when it ends."""
        sides = ((unit.first, self.first), (unit.second, self.second))
        if unit.first is None or unit.second is None:
            return min(present.start - run.start for present, run in sides if present is not None)
        return min(present.end - run.start for present, run in sides if present is not None)


def compare_runs(first: RunShape, second: RunShape) -> PairDifference:
    """Return the differences of two runs, the second seen from the first."""
    keys = {**dict.fromkeys(first.units), **dict.fromkeys(second.units)}
    units = tuple(UnitDifference(key, first.units.get(key), second.units.get(key)) for key in keys)
    attributes = tuple(difference for unit in units if len(unit.key) == 1 for difference in _attributes(unit))
    return PairDifference(first, second, units, attributes)


def _attributes(unit: UnitDifference) -> Iterator[AttributeDifference]:
    if unit.first is None or unit.second is None:
        return
    first, second = unit.first.attributes, unit.second.attributes
    for name in sorted({*first, *second} - _ALWAYS_DIFFERENT):
        if first.get(name) != second.get(name):
            yield AttributeDifference(unit.key, name, first.get(name), second.get(name))


def pair_to_json(pair: PairDifference) -> dict[str, Any]:
    """Return the differences as values of JSON; `decided_ns` of all units and of `idle` add up to the difference."""
    parting = pair.parting
    return {
        "first": _run_to_json(pair.first),
        "second": _run_to_json(pair.second),
        "difference_ns": pair.duration,
        "idle_difference_ns": pair.idle,
        "parting": None if parting is None else {"unit": key_text(parting.key), "change": parting.change},
        "units": [
            {
                "unit": key_text(unit.key),
                "change": unit.change,
                "decided_difference_ns": unit.decided,
                "duration_difference_ns": unit.duration,
                "first": _unit_to_json(unit.first, pair.first),
                "second": _unit_to_json(unit.second, pair.second),
            }
            for unit in pair.ranked()
        ],
        "attributes": [
            {"task": key_text(item.task), "name": item.name, "first": item.first, "second": item.second}
            for item in pair.attributes
        ],
    }


def _run_to_json(run: RunShape) -> dict[str, Any]:
    tasks = [str(unit.attributes.get("task_id")) for unit in run.outermost()]
    return {"tasks": tasks, "start_ns": run.start, "duration_ns": run.duration, "idle_ns": run.idle}


def _unit_to_json(unit: Unit | None, run: RunShape) -> dict[str, Any] | None:
    if unit is None:
        return None
    return {
        "offset_ns": unit.start - run.start,
        "duration_ns": unit.end - unit.start,
        "decided_ns": unit.decided,
        "status": unit.status,
        "attempts": unit.attempts,
        "services": list(unit.services),
        "errors": list(unit.errors),
    }
