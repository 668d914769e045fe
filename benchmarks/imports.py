"""How fast histories are read, and in how much memory, at the largest size that their source allows.

Each file is read as `tasker import --dry-run` reads it, in a process of its own, once at half and once at full size:
parsed, checked and spooled as events; Kafka is not part of it. `growth` is the time of the full size by that of the
half: 2 is linear. `memory` is the growth of the largest resident memory over that of a file with 100 entries.

    python -m benchmarks.imports [--tasks PERCENT] [--json]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.import_files import FORMATS
from benchmarks.rounds import read_options
from tasker_consumers.importers import HistoryFormat, Import

SMALL = 100  # entries
MIB = 2**20


def read_here(history_format: str, path: str) -> dict[str, Any]:
    """Read a file in this process; return seconds of processor time, events and the largest resident bytes."""
    start = time.process_time()
    report = Import(history_format=HistoryFormat(history_format)).preview([Path(path)])
    seconds = time.process_time() - start
    if report.faults:
        raise SystemExit(f"{history_format}: {report.faults[0]}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "events": report.events, "peak": peak}


def read_apart(history_format: str, entries: int, folder: Path) -> dict[str, Any]:
    """Write a file, and read it in a process of its own."""
    path = folder / f"{history_format}-{entries}"
    with path.open("w") as file:
        file.writelines(FORMATS[history_format][0](entries))
    command = [sys.executable, "-m", "benchmarks.imports", "--read", history_format, str(path)]
    figures: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    figures["bytes"] = path.stat().st_size
    path.unlink()
    return figures


def measure(history_format: str, entries: int, folder: Path) -> dict[str, Any]:
    """Return the figures of a format."""
    small = read_apart(history_format, SMALL, folder)
    half = read_apart(history_format, entries // 2, folder)
    full = read_apart(history_format, entries, folder)
    return {
        "entries": entries,
        "megabytes": round(full["bytes"] / 1e6, 1),
        "seconds": round(full["seconds"], 1),
        "entries_per_s": round(entries / full["seconds"]),
        "events_per_s": round(full["events"] / full["seconds"]),
        "growth": round(full["seconds"] / half["seconds"], 2),
        "memory_mib": round((full["peak"] - small["peak"]) / MIB),
        "memory_of_half_mib": round((half["peak"] - small["peak"]) / MIB),
    }


def main() -> None:
    """Measure all formats, and print a table or JSON."""
    if sys.argv[1:2] == ["--read"]:
        print(json.dumps(read_here(*sys.argv[2:4])))
        return
    options = read_options(__doc__, rounds=1, tasks=100)
    console = Console(stderr=options.as_json, width=120)
    figures: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for history_format, (_, entries) in FORMATS.items():
            figures[history_format] = measure(history_format, entries * options.tasks // 100, Path(folder))
            console.print(history_format, figures[history_format])
    if options.as_json:
        print(json.dumps(figures))
        return
    table = Table("format", *next(iter(figures.values())), box=None)
    for history_format, of_format in figures.items():
        table.add_row(history_format, *(f"{value:,}" for value in of_format.values()))
    console.print(table)


if __name__ == "__main__":
    main()
