"""The comparison of two runs, and of two populations, as tables or JSON."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasker_consumers.cli.compare.options import PopulationOptions
from tasker_consumers.cli.output import complain, echo, printable, show_json, show_table
from tasker_consumers.cli.records.progress import reading_progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tasker_consumers.compare.pair import PairDifference
    from tasker_consumers.compare.population import PopulationDifference
    from tasker_consumers.trace_view.rebuild import Run


def compare_pair(first: str, second: str, files: list[Path], limit: int, *, alone: bool, as_json: bool) -> None:
    """Compare two runs by their ids; exits with 1 when there is none, or a record cannot be read."""
    from tasker_consumers.cli.runs.source import open_runs, run_records
    from tasker_consumers.compare.differences import difference_of_runs
    from tasker_consumers.trace_view.rebuild import rebuild

    with reading_progress() as progress:
        reader, lookup = open_runs(files, progress)
        records = [run_records(identifier, reader, alone=alone) for identifier in (first, second)]
    if not all(records):
        raise typer.Exit(1)
    runs = rebuild(records[0], lookup), rebuild(records[1], lookup)
    pair = difference_of_runs(*runs, present=time.time_ns())
    if pair is None:
        complain(f"{first} or {second} has no readable event of a task or step")
        raise typer.Exit(1)
    _show_pair(pair, limit, as_json=as_json)
    _tell_unreadable(runs)


def _show_pair(pair: "PairDifference", limit: int, *, as_json: bool) -> None:
    from tasker_consumers.compare import pair_text
    from tasker_consumers.compare.pair import pair_to_json

    if as_json:
        show_json(pair_to_json(pair))
        return
    _show_lines(pair_text.headlines(pair))
    show_table(pair_text.COLUMNS, pair_text.unit_rows(pair, limit))
    if rows := pair_text.attribute_rows(pair)[:limit]:
        echo()
        show_table(pair_text.ATTRIBUTE_COLUMNS, rows)


def compare_populations(options: PopulationOptions, name: str, files: list[Path], limit: int, *, as_json: bool) -> None:
    """Compare two populations of the tasks of a name; exits with 1 when they are too small or unreadable."""
    from tasker_consumers.cli.runs.all_events import events_of_all
    from tasker_consumers.compare.differences import difference_of_populations

    run = events_of_all(files, options.moments()[1])
    difference = difference_of_populations(run, name, options.split, time.time_ns())
    if difference is None:
        complain(f"no task has the name {name!r}; `tasker tasks` lists those that there are")
        raise typer.Exit(1)
    _show_populations(difference, name, limit, as_json=as_json)
    _tell_unreadable([run])
    if not difference.is_large_enough:
        raise typer.Exit(1)


def _show_populations(difference: "PopulationDifference", name: str, limit: int, *, as_json: bool) -> None:
    from tasker_consumers.compare import population_text

    if as_json:
        show_json(population_text.population_to_json(difference, name))
        return
    _show_lines(population_text.headlines(difference, name))
    if difference.is_large_enough:
        show_table(population_text.STEP_COLUMNS, population_text.step_rows(difference, limit))
    if rows := population_text.value_rows(difference, limit):
        echo()
        show_table(population_text.VALUE_COLUMNS, rows)


def _show_lines(lines: "Iterable[str]") -> None:
    for line in lines:
        echo(printable(line))
    echo()


def _tell_unreadable(runs: "Iterable[Run]") -> None:
    unreadable = [line for run in runs for line in run.unreadable]
    for line in unreadable:
        complain(line)
    if unreadable:
        raise typer.Exit(1)
