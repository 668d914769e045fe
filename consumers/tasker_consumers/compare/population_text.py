"""The difference of two populations as lines, rows and JSON."""

from collections.abc import Iterator
from typing import Any

from tasker_consumers.compare.chance import chance_text
from tasker_consumers.compare.pair_text import signed_duration
from tasker_consumers.compare.population import LEAST_RUNS, PopulationDifference, StepShift, ValueShift
from tasker_consumers.trace_view.durations import duration_text

STEP_COLUMNS = ("step", "shift", "share", "failed", "chance", "suspects", "others")
VALUE_COLUMNS = ("value", "suspects", "others", "ratio", "chance")


def headlines(difference: PopulationDifference, name: str) -> Iterator[str]:
    """Yield the sizes of the populations, the shift of the mean duration, and whether anything stands out."""
    split = difference.split
    first, second = len(split.suspects), len(split.controls)
    yield f"{name}: suspects are {first:,} runs {split.suspects_text}, others {second:,} runs {split.controls_text}"
    if not difference.is_large_enough:
        yield f"no guess: {LEAST_RUNS} runs of each are needed, or chance alone would speak"
        return
    yield f"the mean duration differs by {signed_duration(difference.shift)}"
    if not (difference.significant_values or difference.significant_steps or split.by_failure or split.by_duration):
        yield "nothing differs by more than chance explains"


def step_rows(difference: PopulationDifference, limit: int) -> list[tuple[str, ...]]:
    """Return the steps in their order, at most so many."""
    return [
        (
            step.step,
            signed_duration(step.shift),
            "-" if step.share is None else f"{round(100 * step.share)} %",
            f"{step.suspects_failed}, {step.others_failed}",
            chance_text(step.chance),
            duration_text(round(step.suspects_mean)),
            duration_text(round(step.others_mean)),
        )
        for step in difference.steps[:limit]
    ]


def value_rows(difference: PopulationDifference, limit: int) -> list[tuple[str, ...]]:
    """Return the over-represented values in their order, at most so many."""
    split = difference.split
    return [
        (
            value_text(value),
            f"{value.suspects} of {len(split.suspects)}",
            f"{value.others} of {len(split.controls)}",
            f"{value.ratio:.1f}",
            chance_text(value.chance),
        )
        for value in difference.significant_values[:limit]
    ]


def value_text(value: ValueShift) -> str:
    """Return a value with its attribute and the step that has it.

    >>> value_text(ValueShift("charge", "region", "eu", 9, 1, 9.0, 0.01))
    'charge: region=eu'
    """
    mark = f"{value.name} {value.value}" if value.value.startswith("> ") else f"{value.name}={value.value}"
    return f"{value.step}: {mark}" if value.step else mark


def population_to_json(difference: PopulationDifference, name: str) -> dict[str, Any]:
    """Return the difference as values of JSON; times in nanoseconds."""
    split = difference.split
    return {
        "name": name,
        "suspects": {"runs": len(split.suspects), "are": split.suspects_text},
        "others": {"runs": len(split.controls), "are": split.controls_text},
        "large_enough": difference.is_large_enough,
        "duration_shift_ns": difference.shift,
        "steps": [_step_to_json(step) for step in difference.steps],
        "values": [
            {
                "step": value.step or None,
                "attribute": value.name,
                "value": value.value,
                "suspects": value.suspects,
                "others": value.others,
                "ratio": value.ratio,
                "chance": value.chance,
            }
            for value in difference.values
        ],
    }


def _step_to_json(step: StepShift) -> dict[str, Any]:
    return {
        "step": step.step,
        "shift_ns": step.shift,
        "share": step.share,
        "suspects_mean_ns": step.suspects_mean,
        "others_mean_ns": step.others_mean,
        "suspects_failed": step.suspects_failed,
        "others_failed": step.others_failed,
        "chance": step.chance,
    }
