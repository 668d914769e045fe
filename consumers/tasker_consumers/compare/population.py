"""Two populations of runs: which steps explain their difference, and which attribute values are over-represented.

Every bound on chance counts all comparisons that were made (Bonferroni): of many steps and values,
some differ much by chance alone. Below `LEAST_RUNS` runs in either population nothing is ranked.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from tasker_consumers.compare.chance import overlap_chance, rank_chance
from tasker_consumers.compare.run_facts import AttributeName, RunFacts
from tasker_consumers.compare.split import Split

LEAST_RUNS = 30
#: A bound from which on a difference is called one.
SIGNIFICANT = 0.05
#: Values that fewer runs share can hardly be over-represented; they are not compared.
_LEAST_SHARED = 5
#: Numbers with more different values than that are compared by their quartiles.
_MOST_NUMBERS = 20


@dataclass(frozen=True, slots=True)
class StepShift:
    """A step's part of the difference; means in nanoseconds, `share` of the whole shift, None where there is none."""

    step: str
    suspects_mean: float
    others_mean: float
    share: float | None
    suspects_failed: int
    others_failed: int
    chance: float | None

    @property
    def shift(self) -> float:
        """How much longer the suspects waited for the step."""
        return self.suspects_mean - self.others_mean


@dataclass(frozen=True, slots=True)
class ValueShift:
    """An attribute value that more of the suspects have than of the others; counts of runs."""

    step: str
    name: str
    value: str
    suspects: int
    others: int
    ratio: float
    chance: float


@dataclass(frozen=True, slots=True)
class PopulationDifference:
    """The ranked causes; none where a population is too small. `shift` of the mean durations in nanoseconds."""

    split: Split
    shift: float
    steps: tuple[StepShift, ...] = ()
    values: tuple[ValueShift, ...] = ()

    @property
    def is_large_enough(self) -> bool:
        """Whether both populations have enough runs to be compared."""
        return min(len(self.split.suspects), len(self.split.controls)) >= LEAST_RUNS

    @property
    def significant_steps(self) -> list[StepShift]:
        """The steps whose times differ by more than chance explains."""
        return [step for step in self.steps if step.chance is not None and step.chance <= SIGNIFICANT]

    @property
    def significant_values(self) -> list[ValueShift]:
        """The values that are over-represented by more than chance explains."""
        return [value for value in self.values if value.chance <= SIGNIFICANT]


def compare_populations(split: Split) -> PopulationDifference:
    """Return the causes that tell the suspects from the others, the strongest first."""
    suspects, others = split.suspects, split.controls
    shift = _mean(run.duration for run in suspects) - _mean(run.duration for run in others)
    if min(len(suspects), len(others)) < LEAST_RUNS:
        return PopulationDifference(split, shift)
    labels = sorted({label for run in (*suspects, *others) for label in run.decided})
    marks = dict(_marks(suspects, others, split.ignored))
    comparisons = len(marks) + (0 if split.by_duration else len(labels))
    steps = [_step_shift(split, label, shift, comparisons) for label in labels]
    values = [_value_shift(split, mark, counts, comparisons) for mark, counts in marks.items()]
    direction = -1 if shift < 0 else 1
    if split.by_failure:
        steps.sort(
            key=lambda step: (step.others_failed / len(others) - step.suspects_failed / len(suspects), step.step)
        )
    else:
        steps.sort(key=lambda step: (-direction * step.shift, step.step))
    values.sort(key=lambda value: (value.chance, -value.ratio, value.step, value.name, value.value))
    return PopulationDifference(split, shift, tuple(steps), tuple(value for value in values if value.ratio > 1))


def _step_shift(split: Split, label: str, shift: float, comparisons: int) -> StepShift:
    suspects = [run.decided.get(label, 0) for run in split.suspects]
    others = [run.decided.get(label, 0) for run in split.controls]
    first, second = _mean(suspects), _mean(others)
    return StepShift(
        step=label,
        suspects_mean=first,
        others_mean=second,
        share=(first - second) / shift if shift else None,
        suspects_failed=sum(label in run.failed for run in split.suspects),
        others_failed=sum(label in run.failed for run in split.controls),
        # Runs that were chosen by their duration differ in it by choice, not by chance.
        chance=None if split.by_duration else min(1.0, comparisons * rank_chance(suspects, others)),
    )


_Mark = tuple[AttributeName, str]
_Counts = tuple[int, int]


def _value_shift(split: Split, mark: _Mark, counts: _Counts, comparisons: int) -> ValueShift:
    (step, name), value = mark
    suspects, others = counts
    size, other_size = len(split.suspects), len(split.controls)
    chance = overlap_chance(size + other_size, suspects + others, size, suspects)
    # Half a run more on each side: no ratio is infinite.
    ratio = ((suspects + 0.5) / (size + 1)) / ((others + 0.5) / (other_size + 1))
    return ValueShift(step, name, value, suspects, others, ratio, min(1.0, comparisons * chance))


def _marks(
    suspects: Sequence[RunFacts], others: Sequence[RunFacts], ignored: frozenset[str]
) -> Iterator[tuple[_Mark, _Counts]]:
    """Yield the marks that enough runs share and not all, with the number of suspects and of others that have them."""
    bounds = dict(_bounds([*suspects, *others]))
    counts: dict[_Mark, list[int]] = {}
    for side, runs in enumerate((suspects, others)):
        for run in runs:
            for mark in _marks_of(run, bounds):
                counts.setdefault(mark, [0, 0])[side] += 1
    total = len(suspects) + len(others)
    for mark, (first, second) in sorted(counts.items()):
        if mark[0][1] not in ignored and _LEAST_SHARED <= first + second < total:
            yield mark, (first, second)


def _marks_of(run: RunFacts, bounds: dict[AttributeName, list[float]]) -> Iterator[_Mark]:
    yield from run.values
    for name, number in run.numbers.items():
        quartiles = bounds.get(name)
        if quartiles is None:
            yield name, f"{number:g}"
        else:
            for quartile in quartiles[: bisect_left(quartiles, number)]:
                yield name, f"> {quartile:g}"


def _bounds(runs: Sequence[RunFacts]) -> Iterator[tuple[AttributeName, list[float]]]:
    """Yield the quartiles of each number that has many different values."""
    numbers: dict[AttributeName, list[float]] = {}
    for run in runs:
        for name, number in run.numbers.items():
            numbers.setdefault(name, []).append(number)
    for name, values in numbers.items():
        if len(set(values)) > _MOST_NUMBERS:
            values.sort()
            yield name, sorted({values[len(values) * quarter // 4] for quarter in (1, 2, 3)})


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return fmean(listed) if listed else 0.0
