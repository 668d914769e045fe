"""`tasker run stats|telemetry` as it is, but for a note of when the first record was handled.

python -m benchmarks.ours stats|telemetry
"""

from __future__ import annotations

import sys

from benchmarks.engine_process import note_first_decode
from tasker_consumers.cli.app import main
from tasker_consumers.stats.processor import StatsProcessor
from tasker_consumers.telemetry.processing.processor import TelemetryProcessor

if __name__ == "__main__":
    note_first_decode(StatsProcessor)
    note_first_decode(TelemetryProcessor)
    sys.argv[:1] = ["tasker", "run"]
    main()
