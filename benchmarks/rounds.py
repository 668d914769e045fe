"""Engines in turns, several rounds: noise on the machine meets all of them, and only ratios of one run count."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

Rates = dict[str, list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What every benchmark can be told."""

    rounds: int
    tasks: int
    as_json: bool


def read_options(description: str | None, *, rounds: int, tasks: int) -> Options:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds, help="turns of each engine (default: %(default)s)")
    parser.add_argument("--tasks", type=int, default=tasks, help="tasks in the workload (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON with every figure")
    given = parser.parse_args()
    return Options(rounds=given.rounds, tasks=given.tasks, as_json=given.json)


def in_turns(
    engines: Mapping[str, Callable[[int], float]], rounds: int, console: Console, *, once: Collection[str] = ()
) -> Rates:
    """Return the rate that each engine reached in each round; an engine is called with the round's number.

    The order is turned round by round, so that no engine always runs on the machine that another one has warmed. Those
    named in `once`, because they take so long, are there in the first round only.
    """
    rates: Rates = {name: [] for name in engines}
    for number in range(rounds):
        names = [name for name in engines if name not in once or not number]
        start = number % len(names)
        for name in names[start:] + names[:start]:
            rate = engines[name](number)
            rates[name].append(rate)
            console.print(f"round {number + 1}/{rounds}  {name:12} {rate:10,.0f} /s")
    return rates


def ratio(rates: Rates, ours: str, peer: str) -> float:
    """Return how many times faster we are: the median of the ratios within each round that the peer took part in.

    >>> ratio({"ours": [8.0, 30.0, 3.0], "peer": [4.0, 10.0, 3.0]}, "ours", "peer")
    2.0
    """
    return statistics.median(mine / other for mine, other in zip(rates[ours], rates[peer], strict=False))


def show(title: str, unit: str, rates: Rates, ours: str, console: Console, *, compared: str = "ours is") -> None:
    """Print the rounds, the medians and the ratio of one engine to each other one, under the title `compared`."""
    table = Table(title=title)
    table.add_column("engine")
    for number in range(len(rates[ours])):
        table.add_column(f"round {number + 1}", justify="right")
    table.add_column(f"median {unit}", justify="right", style="bold")
    table.add_column(compared, justify="right")
    for name, values in rates.items():
        times = "" if name == ours else f"{ratio(rates, ours, name):.2f} x"
        cells = [f"{value:,.0f}" for value in values] + [""] * (len(rates[ours]) - len(values))
        table.add_row(name, *cells, f"{statistics.median(values):,.0f}", times)
    console.print(table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a race found."""

    benchmark: str
    title: str
    rates: Rates
    ratios: Mapping[str, float]
    more: Mapping[str, object]

    def tell(self, console: Console, *, as_json: bool) -> None:
        """Print the rounds and our ratios by their keys, and how to have them again; one line of JSON if asked for."""
        unit = "records/s"
        show(self.title, unit, self.rates, "ours", console)
        told = ", ".join(f"{name} {value:.2f}" for name, value in self.ratios.items())
        console.print(f"{told}. Again: python -m benchmarks.{self.benchmark} --json")
        if as_json:
            print(line_of_json(self.benchmark, unit, self.rates, self.ratios, **self.more))


def line_of_json(benchmark: str, unit: str, rates: Rates, ratios: Mapping[str, float], **more: object) -> str:
    """Return every figure and the ratios as one line."""
    medians = {name: round(statistics.median(values), 1) for name, values in rates.items()}
    rounded = {name: [round(value, 1) for value in values] for name, values in rates.items()}
    figures = {key: round(value, 3) for key, value in ratios.items()}
    return json.dumps({"benchmark": benchmark, **figures, "unit": unit, "medians": medians, "rounds": rounded, **more})
