"""How long rows are kept, and which rows of a batch are too old to be written at all."""

from dataclasses import dataclass

from tasker_consumers.store import tables
from tasker_consumers.store.core.batch import Batch
from tasker_consumers.store.core.event_keys import first_key
from tasker_consumers.units import DAY_US

_STATS_COLUMNS = list(tables.task_stats.columns.keys())
_LAST_EVENT = _STATS_COLUMNS.index("last_event_at")
_ARRIVED = list(tables.dead_letters.columns.keys()).index("arrived_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Days that rows, and payloads, are kept; 0 keeps them for ever."""

    days: int = 90
    payload_days: int = 14

    def cutoff(self, now_us: int) -> int:
        """Return the first moment (microseconds) that is kept: the begin of a day; 0 keeps all.

        >>> Retention(days=1).cutoff(5 * DAY_US + 1) // DAY_US
        4
        """
        return _begin(self.days, now_us)

    def payload_cutoff(self, now_us: int) -> int:
        """Return the same for payloads, which are kept no longer than their events."""
        return max(_begin(self.payload_days, now_us), self.cutoff(now_us))

    def drop_expired(self, batch: Batch, now_us: int) -> int:
        """Remove the rows that retention would remove again, and return their number; payloads are not counted.

        Without this a replay of old events would bring back days that were dropped.
        """
        cutoff = self.cutoff(now_us)
        first, first_payload = first_key(cutoff), first_key(self.payload_cutoff(now_us))
        before = len(batch) - len(batch.payloads)
        for rows in (batch.failed_attempts, batch.step_attempts, batch.custom_events):
            for key in [key for key in rows if key < first]:
                del rows[key]
        for key in [key for key in batch.payloads if key < first_payload]:
            del batch.payloads[key]
        for letter in [key for key, row in batch.dead_letters.items() if row[_ARRIVED] < cutoff]:
            del batch.dead_letters[letter]
        for task_id in [key for key, row in batch.task_stats.items() if row[_LAST_EVENT] < cutoff]:
            del batch.task_stats[task_id]
        return before - (len(batch) - len(batch.payloads))


KEEP_ALL = Retention(days=0, payload_days=0)


def _begin(days: int, now_us: int) -> int:
    return max(0, (now_us // DAY_US - days) * DAY_US) if days else 0
