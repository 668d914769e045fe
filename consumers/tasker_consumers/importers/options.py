"""The options of an import."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from tasker_schemas.names import State

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How files are read that do not say everything themselves, above all tables.

    `columns` maps the fields of a step to columns, `statuses` words of the table in lower case to states. `timezone`
    is that of times without a zone; numbers count from `epoch`, in microseconds since 1970.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, State] = field(default_factory=dict)
    has_header: bool = True
    timezone: tzinfo = UTC
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOptions:
    """Where imported events go: `prefix` begins the ids of their tasks.

    With `as_if_now` all times move together, so that the last is now. With `speed` the first is now, and each event is
    published when its time has come; times pass `speed` times as fast as they did.
    """

    prefix: str = ""
    as_if_now: bool = False
    speed: float | None = None

    @property
    def moves(self) -> bool:
        """Whether times change."""
        return self.as_if_now or self.speed is not None
