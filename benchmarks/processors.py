"""Our rules, as every engine of the statistics benchmark uses them."""

from __future__ import annotations

from benchmarks.arena import PREFIX
from tasker_consumers.stats.processor import StatsProcessor, build_stats_processor


def stats_processor() -> StatsProcessor:
    """Return the processor of `tasker run stats` over the benchmark's topics."""
    return build_stats_processor(PREFIX)
