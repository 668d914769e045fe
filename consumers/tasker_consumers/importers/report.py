"""The report of an import: the files that went in with their tasks, and the faults of those that did not."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.placement import Placement


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file did not go in: the place in it, and the problem there."""

    file: Path
    place: str
    problem: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.file), self.place, self.problem) if part)


@dataclass(frozen=True, slots=True)
class ImportedTask:
    """A task that files told of: its id and name, and the number of its events."""

    task_id: str
    task_name: str
    events: int


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file that went in, with its tasks; `notes` are remarks for the reader, such as a page that is missing.

    `names` counts its events by name, `first` and `last` are the earliest and the latest of their times in
    microseconds, `sample` are the first events of its steps.
    """

    file: Path
    tasks: tuple[ImportedTask, ...]
    notes: tuple[str, ...]
    history_format: str = ""
    names: Mapping[str, int] = field(default_factory=dict)
    first: int = 0
    last: int = 0
    sample: tuple[ImportedEvent, ...] = ()

    @property
    def events(self) -> int:
        """The number of its events."""
        return sum(task.events for task in self.tasks)

    def placed(self, placement: Placement) -> "ImportedFile":
        """Return the file with the times that its events get by a placement."""
        first, last = placement.time(self.first), placement.time(self.last)
        return replace(self, first=first, last=last, sample=tuple(map(placement.place, self.sample)))


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The files that went in, and the faults of the files that did not."""

    imported: tuple[ImportedFile, ...]
    faults: tuple[Fault, ...]

    @property
    def files(self) -> int:
        """The number of files that went in."""
        return len(self.imported)

    @property
    def events(self) -> int:
        """The number of events."""
        return sum(file.events for file in self.imported)

    @property
    def task_ids(self) -> tuple[str, ...]:
        """The ids of all tasks, each once, in the order of the files."""
        return tuple(dict.fromkeys(task.task_id for file in self.imported for task in file.tasks))

    @property
    def shared_task_ids(self) -> tuple[str, ...]:
        """The ids of the tasks that several files tell of."""
        files = Counter(task.task_id for file in self.imported for task in file.tasks)
        return tuple(task_id for task_id, count in files.items() if count > 1)

    @property
    def exit_code(self) -> int:
        """0 when every file went in, else 1."""
        return 1 if self.faults else 0
