"""The event that an importer makes of another system's history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tasker_schemas.identity import event_id_of
from tasker_schemas.names import Family, family_of


class ParentRef(NamedTuple):
    """The attempt of a step in which a task was created; `root_task_id` is the task that began the trace."""

    root_task_id: str
    task_id: str
    step_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class ImportedEvent:
    """An event of the catalogue with its original time; the same history always gives the same `event_id`.

    `fields` are fields of the event's Avro record by name, identity left out; `attributes` are business context.
    `within` is None for a task that begins a trace.
    """

    name: str
    timestamp: int
    event_id: str
    task_id: str
    task_name: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    within: ParentRef | None = None

    @property
    def is_step(self) -> bool:
        """Whether it belongs to a step, and so carries `step_id` among its fields."""
        return family_of(self.name) is Family.STEP


@dataclass(frozen=True, slots=True)
class EventMaker:
    """Makes the events of a task; `within` is the attempt in which it was created."""

    task_id: str
    task_name: str
    correlation_id: str | None = None
    within: ParentRef | None = None

    def inside(self, step_id: str, attempt: int) -> ParentRef:
        """Return the reference to an attempt of this task, for tasks that were created in it."""
        root = self.task_id if self.within is None else self.within.root_task_id
        return ParentRef(root, self.task_id, step_id, attempt)

    def make(
        self,
        name: str,
        timestamp: int,
        origin: str,
        fields: Mapping[str, Any],
        attributes: Mapping[str, Any] | None = None,
        *,
        identified_at: int | None = None,
    ) -> ImportedEvent:
        """Return an event; `origin` names the entry of the history that it stands for, once per task and event name.

        `identified_at` goes into its id in place of a `timestamp` that a newer copy of the history may change.
        """
        return ImportedEvent(
            name=str(name),
            timestamp=timestamp,
            event_id=event_id_of(
                f"{self.task_id}/{origin}/{name}", timestamp if identified_at is None else identified_at
            ),
            task_id=self.task_id,
            task_name=self.task_name,
            fields=_not_null({"correlation_id": self.correlation_id, **fields}),
            attributes=_not_null(attributes or {}),
            within=self.within,
        )


def _not_null(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
