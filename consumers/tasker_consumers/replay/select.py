"""Which records are wanted: a pure question to one record."""

from collections.abc import Iterable
from dataclasses import dataclass

from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.errors import UsageError
from tasker_schemas.headers import CE_TYPE
from tasker_schemas.names import Family, family_of
from tasker_schemas.topics import event_topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Records of a task, of a time range (milliseconds; `since` is in, `until` is out), of families, of names.

    What is not given does not restrict. Times are those of the records: when the event was sent,
    which is not when it happened for what was imported or waited for a broker.
    """

    task_id: str | None = None
    since: int | None = None
    until: int | None = None
    families: frozenset[Family] = frozenset(Family)
    names: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise UsageError("the time range is empty: --since must be before --until")
        foreign = sorted(name for name in self.names if family_of(name) not in self.families)
        if foreign:
            raise UsageError(f"event {foreign[0]!r} is of a family that is left out; drop --family or --event")

    def topics(self, prefix: str) -> tuple[str, ...]:
        """Return the topics that hold such records.

        >>> Selection(names=frozenset({"step.failed"})).topics("tasker")
        ('tasker.events.step',)
        """
        families: Iterable[Family] = {family_of(name) for name in self.names} or self.families
        return tuple(sorted(event_topic(family, prefix) for family in families))

    def matches(self, record: StoredRecord) -> bool:
        """Return whether the record is wanted; its name is read from its headers, its value stays closed."""
        return (
            (self.task_id is None or record.key == self.task_id.encode())
            and self._in_time(record.timestamp)
            and (not self.names or event_name_of(record) in self.names)
        )

    def _in_time(self, timestamp: int | None) -> bool:
        if timestamp is None:
            return self.since is None and self.until is None
        return (self.since is None or timestamp >= self.since) and (self.until is None or timestamp < self.until)


def event_name_of(record: StoredRecord) -> str | None:
    """Return the event's name, from the CloudEvents header."""
    value = next((value for name, value in record.headers if name == CE_TYPE), None)
    return value.decode("utf-8", "replace") if value is not None else None
