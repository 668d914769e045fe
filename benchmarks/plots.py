"""The figures of the statistics as plots, PNG and SVG: the same figures always make the same files."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

Figures = Mapping[str, Any]

OURS, SECOND, PEER, INK, FAINT = "#0b6e99", "#c2571a", "#a9b4bd", "#1f2933", "#d5dbe0"
NAMES = {
    "ours": "tasker run stats",
    "plain": "plain confluent-kafka loop",
    "kstreams": "Kafka Streams, warm",
    "ours_on_one_core": "tasker run stats, one core",
    "kstreams_on_one_core": "Kafka Streams, one core",
    "quix": "Quix Streams",
}
STYLE: Any = {
    "svg.hashsalt": "tasker",  # the same ids in each run
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": FAINT,
    "figure.facecolor": "white",  # a card of its own, on light pages and on dark ones
}


def draw_all(figures: Figures, folder: Path) -> None:
    """Write all plots into a folder."""
    draw_throughput(figures["stats"], folder)
    draw_scaling(figures["scaling"], folder)
    draw_latency(figures["latency"], folder)
    draw_memory(figures["memory"], folder)
    draw_recovery(figures["recovery"], folder)


@contextmanager
def plot(folder: Path, name: str, title: str, caption: str) -> Iterator[Axes]:
    """Yield the axes of a plot, and write it when the block ends."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.set_title(title, loc="left", weight="bold")
        yield axes
        figure.supxlabel(caption, x=0.01, ha="left", fontsize=9, color="#52606d")
        figure.savefig(folder / f"{name}.png", dpi=150, metadata={"Software": None})
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})


def draw_throughput(found: Figures, folder: Path) -> None:
    """Draw the engines' rates: a bar for the median, a dot for each round."""
    names = list(found["rounds"])[::-1]
    caption = (
        f"{found['records']:,} records of {found['tasks']:,} tasks; {found['cores']} cores with Kafka beside. "
        "Bars are medians, dots single runs,\n"
        "all verified against an offline recomputation. Only the ratios carry over to other machines."
    )
    with plot(folder, "throughput", "Statistics, one process", caption) as axes:
        medians = [found["medians"][name] for name in names]
        axes.barh(
            [NAMES[name] for name in names],
            medians,
            color=[OURS if name.startswith("ours") else PEER for name in names],
        )
        for place, name in enumerate(names):
            runs = found["rounds"][name]
            axes.plot(runs, [place] * len(runs), "o", color=INK, markersize=4)
            told = "" if name.startswith("ours") else f"  ours is {found[f'ratio_{name}']:.2f} x"
            axes.annotate(told, (max([*runs, medians[place]]), place), (6, 0), textcoords="offset points", va="center")
        axes.set_xlabel("records per second")
        axes.margins(x=0.3)
        axes.set_xlim(left=0)
        _thousands(axes)
        axes.grid(visible=False, axis="y")


def draw_scaling(found: Figures, folder: Path) -> None:
    """Draw the rates by number of processes."""
    caption = (
        f"Processes of one group on {found['cores']} cores, which Kafka shares: more of them than cores cannot help.\n"
        "From when all have begun until the last output; every run verified."
    )
    with plot(folder, "scaling", "Statistics by processes", caption) as axes:
        processes = list(found["rounds"])
        rates = [statistics.median(found["rounds"][name]) for name in processes]
        bars = axes.bar(processes, rates, color=OURS, width=0.5)
        axes.bar_label(bars, [f"{rate / rates[0]:.2f} x" for rate in rates], padding=3)
        axes.set_xlabel("processes")
        axes.set_ylabel("records per second")
        axes.margins(y=0.15)
        _thousands(axes, of_y=True)
        axes.grid(visible=False, axis="x")


def draw_latency(found: Figures, folder: Path) -> None:
    """Draw which share of the events was there after how long."""
    caption = (
        f"{found['rate']:,.0f} events per second for {found['seconds']:.0f} s; "
        f"two workers and Kafka on {found['cores']} cores.\n"
        "From the moment when an event was to be sent until a reader has what it changed."
    )
    lines = {
        "stats": ("event to statistics record", OURS, "-"),
        "spans": ("end of a step to its span", "#c2571a", "--"),
    }
    with plot(folder, "latency", "From event to result", caption) as axes:
        for name, (label, colour, style) in lines.items():
            values = found[name]["permille_ms"]
            told = f"{label}: p50 {found[name]['p50_ms']:.0f} ms, p99 {found[name]['p99_ms']:.0f} ms"
            axes.plot(values, [place / 10 for place in range(1, 1000)], style, color=colour, label=told, linewidth=2)
        axes.set_xscale("log")
        axes.set_xlabel("milliseconds (log scale)")
        axes.set_ylabel("% of the events, at most")
        axes.set_ylim(0, 130)  # room for the legend
        axes.set_yticks(range(0, 101, 20))
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.legend(loc="upper left", frameon=False)
        _thousands(axes)


def draw_memory(found: Figures, folder: Path) -> None:
    """Draw how a worker's memory grows with the open tasks, by state store."""
    caption = (
        f"One process; each task has {found['steps']} steps. Bytes per open task are the growth after the first two "
        "points,\nwhen buffers and caches are full. Python's own memory is among it all."
    )
    with plot(folder, "memory", "Memory by open tasks", caption) as axes:
        for store, colour, style in (("memory", OURS, "-"), ("rocksdb", SECOND, "--")):
            sizes = found[store]["resident_mb"]
            tasks = [found["tasks"] * (part + 1) / len(sizes) for part in range(len(sizes))]
            told = f"TASKER_STATE_STORE={store}: {found[store]['bytes_per_open_task']:,.0f} bytes per open task"
            axes.plot(tasks, sizes, style, marker="o", color=colour, label=told, linewidth=2)
        axes.set_xlabel("open tasks")
        axes.set_ylabel("resident memory, MB")
        axes.margins(y=0.15)
        axes.set_ylim(bottom=0)
        axes.legend(loc="lower right", facecolor="white", edgecolor="none")
        _thousands(axes)


def draw_recovery(found: Figures, folder: Path) -> None:
    """Draw how fast states come back from their changelog."""
    caption = (
        f"{found['records']:,} changelog records into an empty store; {found['cores']} cores with Kafka beside.\n"
        "The line is the goal of 100,000 records per second."
    )
    with plot(folder, "recovery", "Recovery from the changelog", caption) as axes:
        stores = ["memory", "rocksdb"]
        rates = [found[store]["records_per_s"] for store in stores]
        bars = axes.barh(stores, rates, color=OURS, height=0.5)
        axes.bar_label(bars, [f"{rate:,.0f}" for rate in rates], padding=4)
        axes.axvline(100_000, color=INK, linestyle=":")
        axes.set_xlabel("records per second")
        axes.set_ylabel("TASKER_STATE_STORE")
        axes.margins(x=0.15)
        _thousands(axes)
        axes.grid(visible=False, axis="y")


def _thousands(axes: Axes, *, of_y: bool = False) -> None:
    (axes.yaxis if of_y else axes.xaxis).set_major_formatter("{x:,.0f}")
