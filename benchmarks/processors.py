"""Our rules, as every peer in the statistics benchmark uses them."""

from __future__ import annotations

from benchmarks.arena import PREFIX
from benchmarks.engine_process import note_first_decode
from tasker_consumers.stats.processor import StatsProcessor, build_stats_processor


def stats_processor() -> StatsProcessor:
    """Return the processor of `tasker run stats` over the benchmark's topics; it notes its first record."""
    note_first_decode(StatsProcessor)
    return build_stats_processor(PREFIX)
