"""A step as a row of a table tells it."""

from collections.abc import Mapping
from typing import NamedTuple

from tasker_consumers.importers.executions import Execution, Reason, Timing
from tasker_schemas.names import State


class StepRow(NamedTuple):
    """A row of a table; times are in microseconds."""

    task_name: str | None
    step: str
    queued_at: int | None
    started_at: int | None
    ended_at: int | None
    outcome: State | None
    attempt: int | None
    error: str
    depends_on: tuple[str, ...]
    attributes: Mapping[str, str]

    @property
    def began_at(self) -> int:
        """The earliest time that the row tells."""
        return min(time for time in (self.queued_at, self.started_at, self.ended_at) if time is not None)

    def execution(self) -> Execution:
        """Return the row as a step."""
        return Execution(
            step_id=self.step,
            name=self.step,
            timing=Timing(
                queued_at=self.queued_at, started_at=self.started_at, ended_at=self.ended_at, outcome=self.outcome
            ),
            attempt=self.attempt or 1,
            reason=Reason(error_class="Failure", message=self.error) if self.outcome is State.ERROR else Reason(),
            attributes=self.attributes,
            depends_on=self.depends_on,
        )
