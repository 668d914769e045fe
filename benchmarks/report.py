"""Everything that is measured of the statistics, in one run: the figures as JSON, and plots of them.

    python -m benchmarks.report [--rounds N] [--quick] [--plots-only] [--folder FOLDER]

Writes `stats.json` and the plots beside it, into `docs/plots` unless told otherwise. `--quick` does a tenth of the
work, to see that all runs; `--plots-only` draws the figures that are there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.plots import draw_all

FOLDER = Path(__file__).parents[1] / "docs" / "plots"
# What each is told for a tenth of its work.
BENCHMARKS = {
    "stats": ["--tasks", "7000"],
    "scaling": ["--tasks", "7000"],
    "latency": ["--seconds", "5"],
    "memory": ["--tasks", "15000"],
    "recovery": ["--tasks", "50000"],
}


def measured(benchmark: str, *options: str) -> dict[str, Any]:
    """Run a benchmark and return its figures; raises CalledProcessError when it fails."""
    command = [sys.executable, "-m", f"benchmarks.{benchmark}", "--json", *options]
    begun = time.monotonic()
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout.splitlines()
    print(f"{benchmark}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return {"cores": os.cpu_count(), **json.loads(lines[-1])}


def main() -> None:
    """Measure, unless told otherwise, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each engine in the race (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="do a tenth of the work")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write (default: docs/plots)")
    parser.add_argument("--plots-only", action="store_true", help="draw the figures that are there")
    options = parser.parse_args()
    folder: Path = options.folder
    folder.mkdir(exist_ok=True)
    file = folder / "stats.json"
    if not options.plots_only:
        figures = {}
        for benchmark, quick in BENCHMARKS.items():
            rounds = ["--rounds", str(options.rounds)] if benchmark == "stats" else []
            figures[benchmark] = measured(benchmark, *rounds, *(quick if options.quick else ()))
        file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    draw_all(json.loads(file.read_text(encoding="utf-8")), folder)


if __name__ == "__main__":
    main()
