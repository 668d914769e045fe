"""From the events of runs to their difference."""

from collections.abc import Callable, Sequence

from tasker_consumers.compare.pair import PairDifference, compare_runs
from tasker_consumers.compare.population import PopulationDifference, compare_populations
from tasker_consumers.compare.run_facts import RunFacts, facts_of_runs
from tasker_consumers.compare.shape import shape_of
from tasker_consumers.compare.split import Split
from tasker_consumers.trace_view.rebuild import Run


def difference_of_runs(first: Run, second: Run, *, present: int) -> PairDifference | None:
    """Return the difference of two runs; None if one has no span. `present` in nanoseconds ends what still runs."""
    shapes = shape_of(first.spans(), present), shape_of(second.spans(), present)
    return None if shapes[0] is None or shapes[1] is None else compare_runs(shapes[0], shapes[1])


def difference_of_populations(
    run: Run, name: str, split: Callable[[Sequence[RunFacts]], Split], present: int
) -> PopulationDifference | None:
    """Return the difference of the tasks of a name, divided by `split`; None if no task has the name."""
    facts = facts_of_runs(run.spans(), name, present)
    return compare_populations(split(facts)) if facts else None
