"""A batch of rows, gathered from records, with the positions in Kafka that it reaches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tasker_consumers.store import tables

Row = tuple[Any, ...]
"""The values of a row, in the order of the table's columns."""


class Partition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


#: The places of the column that decides which of two rows of the same key holds.
_REVISION = list(tables.task_stats.columns.keys()).index("revision")


@dataclass(slots=True)
class Batch:
    """Rows to write in a transaction; a key that comes twice is kept once."""

    failed_attempts: dict[str, Row] = field(default_factory=dict)
    step_attempts: dict[str, Row] = field(default_factory=dict)
    custom_events: dict[str, Row] = field(default_factory=dict)
    payloads: dict[str, Row] = field(default_factory=dict)
    dead_letters: dict[tuple[str, int, int], Row] = field(default_factory=dict)
    error_groups: dict[str, Row] = field(default_factory=dict)
    task_stats: dict[str, Row] = field(default_factory=dict)
    #: The next offset of each partition.
    positions: dict[Partition, int] = field(default_factory=dict)

    def rows(self) -> Mapping[str, Mapping[Any, Row]]:
        """Return the rows by table and key, without the positions."""
        return {
            "failed_attempts": self.failed_attempts,
            "step_attempts": self.step_attempts,
            "custom_events": self.custom_events,
            "payloads": self.payloads,
            "dead_letters": self.dead_letters,
            "error_groups": self.error_groups,
            "task_stats": self.task_stats,
        }

    def add_stats(self, task_id: str, row: Row) -> None:
        """Add the statistics of a task; the row with the highest revision holds."""
        present = self.task_stats.get(task_id)
        if present is None or present[_REVISION] <= row[_REVISION]:
            self.task_stats[task_id] = row

    def advance(self, topic: str, partition: int, offset: int) -> None:
        """Note that the record at an offset is in this batch, or needs no row."""
        key = Partition(topic, partition)
        self.positions[key] = max(self.positions.get(key, 0), offset + 1)

    def __len__(self) -> int:
        """Return the number of rows."""
        return sum(map(len, self.rows().values()))
