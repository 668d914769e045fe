"""Files in, events out: the work of `tasker import`."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.github import actions as github_actions
from tasker_consumers.importers.publish import Publisher, deliver, publish
from tasker_consumers.importers.temporal import history as temporal
from tasker_consumers.importers.wfcommons import workflow as wfcommons
from tasker_schemas.errors import UsageError


class HistoryFormat(StrEnum):
    """The formats of files that can be imported."""

    WFCOMMONS = "wfcommons"  # WfFormat 1.3 to 1.5, plain or .gz
    TEMPORAL = "temporal"  # event histories as JSON
    GITHUB_ACTIONS = "github-actions"  # answers of GitHub's API: a recording, or a JSON list


Note = Callable[[str], None]

_READERS: Mapping[HistoryFormat, Callable[[bytes, str, Note], list[ImportedEvent]]] = {
    HistoryFormat.WFCOMMONS: lambda raw, name, _: wfcommons.read(raw, name),
    HistoryFormat.TEMPORAL: temporal.read,
    HistoryFormat.GITHUB_ACTIONS: lambda raw, name, _: github_actions.read(raw, name),
}


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
    """A file that went in, with its tasks; `notes` are remarks for the reader, such as a page that is missing."""

    file: Path
    tasks: tuple[ImportedTask, ...]
    notes: tuple[str, ...]

    @property
    def events(self) -> int:
        """The number of its events."""
        return sum(task.events for task in self.tasks)


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


def import_files(
    history_format: HistoryFormat,
    files: Sequence[Path],
    publisher: Publisher,
    on_file: Callable[[ImportedFile], None] = lambda _: None,
) -> ImportReport:
    """Publish the histories in these files, and return when all events have arrived.

    A file that cannot be read becomes a fault of the report, nothing of it is published, and the other files still go
    in. `on_file` is called for each file that went in. Raises BackendUnavailable.
    """
    faults: list[Fault] = []
    imported: list[ImportedFile] = []
    for file in files:
        try:
            imported.append(_import_file(history_format, file, publisher))
        except BrokenFile as broken:
            faults.append(Fault(file, broken.place, broken.problem))
        except UsageError as error:  # an id or a value that no record can hold
            faults.append(Fault(file, "", str(error)))
        else:
            on_file(imported[-1])
    deliver(publisher)
    return ImportReport(tuple(imported), tuple(faults))


def _import_file(history_format: HistoryFormat, file: Path, publisher: Publisher) -> ImportedFile:
    notes: list[str] = []
    events = _READERS[history_format](_content(file), file.name, notes.append)
    publish(events, publisher)
    counts = Counter(event.task_id for event in events)
    names = {event.task_id: event.task_name for event in events}
    return ImportedFile(file, tuple(ImportedTask(key, names[key], counts[key]) for key in counts), tuple(notes))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except IsADirectoryError:
        raise BrokenFile("", "a directory; name the files in it") from None
    except OSError as error:
        raise BrokenFile("", error.strerror or str(error)) from error
