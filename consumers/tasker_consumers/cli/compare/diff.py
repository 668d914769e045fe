"""`tasker diff`: the causes by which a run differs from another, or a population of runs from the rest."""

from pathlib import Path
from typing import Annotated

import typer

from tasker_consumers.cli.compare.options import PopulationOptions
from tasker_consumers.cli.compare.output import compare_pair, compare_populations
from tasker_consumers.cli.records.options import with_option_groups
from tasker_schemas.errors import UsageError


@with_option_groups
def diff(  # noqa: PLR0913  each is an option
    first: Annotated[
        str | None, typer.Argument(metavar="A", show_default=False, help="A task's id, or a trace id: the good run.")
    ] = None,
    second: Annotated[
        str | None, typer.Argument(metavar="B", show_default=False, help="The run that is seen from A.")
    ] = None,
    *,
    file: Annotated[
        list[Path] | None,
        typer.Option("--from-file", metavar="FILE", help="Read a file that `tasker replay` wrote; may be repeated."),
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Leave out other tasks of the same traces.")] = False,
    limit: Annotated[int, typer.Option(metavar="N", help="At most so many rows of each table.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document with all differences.")] = False,
    population: PopulationOptions,
) -> None:
    """Compare two runs, A and B, or two populations of a name.

    Of two runs: where they part, which steps are new, gone or slower; the differences of the times for which the run
    waited add up to the whole difference. Of populations: steps by their share of the shift, attribute values by
    over-representation, with counts and a bound on chance; no guess below 30 runs.
    """
    population.check()
    if limit < 1:
        raise UsageError(f"--limit is {limit}; expected a number from 1")
    if population.name is not None:
        if first is not None or alone:
            raise UsageError("name two runs, or a population with --name, not both; --alone is for two runs")
        compare_populations(population, population.name, file or [], limit, as_json=as_json)
    elif not (first or "").strip() or not (second or "").strip():
        raise UsageError("name two runs: tasker diff A B; or a population: tasker diff --name NAME --failed")
    else:
        compare_pair(str(first), str(second), file or [], limit, alone=alone, as_json=as_json)
