"""How much of a disk waiting events may take, and which events are given up beyond it."""

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple


class FullPolicy(StrEnum):
    """Which events are given up when the spool is full."""

    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"
    BLOCK = "block"  # the publishing thread waits, up to a limit; then the newest


class SpoolSettings(NamedTuple):
    """Where events wait, how many bytes in that directory, the policy when it is full, and for which topics."""

    directory: Path
    max_bytes: int
    full: FullPolicy
    block_s: float
    topics: frozenset[str] | None = None
