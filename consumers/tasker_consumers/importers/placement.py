"""Where and when imported events go: a prefix of their ids, and a shift of their times."""

from dataclasses import dataclass, replace
from typing import Any

from tasker_consumers.importers.event import ImportedEvent
from tasker_schemas.identity import event_id_of

_TIMES = ("started_at", "completed_at", "scheduled_for")
_SECONDS = ("execution_duration", "backoff_seconds", "delay_seconds")


@dataclass(frozen=True, slots=True)
class Placement:
    """A prefix for the ids of tasks, and a move of times: `origin` becomes `becomes`, and from there `speed` divides.

    Times are in microseconds. Without a prefix and without a move, an event stays as it is.
    """

    prefix: str = ""
    origin: int = 0
    becomes: int = 0
    speed: float = 1.0

    def time(self, original: int) -> int:
        """Return the moved time.

        >>> Placement(origin=1_000_000, becomes=50_000_000, speed=2.0).time(3_000_000)
        51000000
        """
        return self.becomes + round((original - self.origin) / self.speed)

    def place(self, event: ImportedEvent) -> ImportedEvent:
        """Return an event at its place; one that moves is another occurrence, and so has another id."""
        if self == Placement():
            return event
        time = self.time(event.timestamp)
        within = event.within
        return replace(
            event,
            timestamp=time,
            event_id=event_id_of(f"{self.prefix}/{event.event_id}", time),
            task_id=self.prefix + event.task_id,
            fields=self._moved(event.fields) if self.moves else event.fields,
            within=within
            and within._replace(root_task_id=self.prefix + within.root_task_id, task_id=self.prefix + within.task_id),
        )

    @property
    def moves(self) -> bool:
        """Whether times change."""
        return (self.origin, self.becomes, self.speed) != (0, 0, 1.0)

    def _moved(self, fields: Any) -> dict[str, Any]:
        moved = dict(fields)
        moved.update({name: self.time(moved[name]) for name in _TIMES if name in moved})
        moved.update({name: moved[name] / self.speed for name in _SECONDS if name in moved})
        return moved
