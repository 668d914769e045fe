"""Files in, events out: what `tasker import` does."""

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
    """Whose files can be imported."""

    WFCOMMONS = "wfcommons"  # WfFormat 1.3 to 1.5, plain or .gz
    TEMPORAL = "temporal"  # event histories as JSON
    GITHUB_ACTIONS = "github-actions"  # answers of GitHub's API: a recording, or a JSON list


_READERS: Mapping[HistoryFormat, Callable[[bytes, str], list[ImportedEvent]]] = {
    HistoryFormat.WFCOMMONS: wfcommons.read,
    HistoryFormat.TEMPORAL: temporal.read,
    HistoryFormat.GITHUB_ACTIONS: github_actions.read,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file did not go in: the place in it, and what is wrong there."""

    file: Path
    place: str
    problem: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.file), self.place, self.problem) if part)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the files: how many went in, which tasks they told of, and what was wrong with the others."""

    files: int
    task_ids: tuple[str, ...]
    events: int
    faults: tuple[Fault, ...]

    @property
    def exit_code(self) -> int:
        """0 when every file went in, else 1."""
        return 1 if self.faults else 0


def import_files(
    history_format: HistoryFormat,
    files: Sequence[Path],
    publisher: Publisher,
    told: Callable[[Path, int], None] | None = None,
) -> ImportReport:
    """Publish the histories in these files, and return when all events have arrived.

    A file that cannot be read becomes a fault of the report, nothing of it is published, and the others still go in.
    `told` hears of each file that went in, with its number of events. Raises BackendUnavailable.
    """
    read = _READERS[history_format]
    faults: list[Fault] = []
    task_ids: dict[str, None] = {}
    count = 0
    for file in files:
        try:
            events = read(_content(file), file.name)
            published = publish(events, publisher)
        except BrokenFile as broken:
            faults.append(Fault(file, broken.place, broken.problem))
        except UsageError as error:  # an id or a value that no record can hold
            faults.append(Fault(file, "", str(error)))
        else:
            count += published
            task_ids |= dict.fromkeys(event.task_id for event in events)
            if told is not None:
                told(file, published)
    deliver(publisher)
    return ImportReport(len(files) - len(faults), tuple(task_ids), count, tuple(faults))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except IsADirectoryError:
        raise BrokenFile("", "a directory; name the files in it") from None
    except OSError as error:
        raise BrokenFile("", error.strerror or str(error)) from error
