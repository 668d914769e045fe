"""Reads files completely before any of their events is published."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.formats import HistoryFormat, find_format, read_events
from tasker_consumers.importers.options import ReadOptions
from tasker_consumers.importers.placement import Placement
from tasker_consumers.importers.publish import Progress
from tasker_consumers.importers.report import Fault, ImportedFile, ImportedTask
from tasker_consumers.importers.sources import Content, open_contents
from tasker_consumers.importers.spool import Spool
from tasker_schemas.event_check import problem_of

PROGRESS_EVERY = 10_000  # events
_SHOWN = 80  # characters of an id
_SAMPLE = 6  # events of steps that a preview shows


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that was read without a fault, and its events; `close` gives their disk space back."""

    imported: ImportedFile
    events: Spool[ImportedEvent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How files are read; `history_format` is None where their contents decide."""

    history_format: HistoryFormat | None = None
    options: ReadOptions = field(default_factory=ReadOptions)
    prefix: str = ""
    on_progress: Progress = lambda _file, _stage, _count: None

    def read(self, path: Path) -> Iterator[ReadFile | Fault]:
        """Yield a result for each content of a file: its events, or the fault that keeps it out."""
        contents = open_contents(path)
        while True:
            try:
                content = next(contents, None)
            except BrokenFile as broken:
                yield Fault(path, broken.place, broken.problem)
                return
            if content is None:
                return
            yield content if isinstance(content, Fault) else self._read(content)

    def _read(self, content: Content) -> ReadFile | Fault:
        spool = Spool[ImportedEvent]()
        try:
            return ReadFile(self._fill(spool, content), spool)
        except BrokenFile as broken:
            spool.close()
            return Fault(content.path, broken.place, broken.problem)
        except BaseException:
            spool.close()
            raise

    def _fill(self, spool: Spool[ImportedEvent], content: Content) -> ImportedFile:
        notes: dict[str, None] = {}
        sample: list[ImportedEvent] = []
        history_format = self.history_format or find_format(content)
        counts, names, kinds = Counter[str](), dict[str, str](), Counter[str]()
        placement = Placement(self.prefix)
        for event in map(placement.place, read_events(history_format, content, self.options, notes.setdefault)):
            check_event(event)
            spool.add(event.timestamp, event)
            counts[event.task_id] += 1
            names[event.task_id] = event.task_name
            kinds[event.name] += 1
            if len(sample) < _SAMPLE and event.is_step:
                sample.append(event)
            if (total := kinds.total()) % PROGRESS_EVERY == 0:
                self.on_progress(content.path, "read", total)
        first, last = spool.bounds()
        return ImportedFile(
            content.path,
            tuple(ImportedTask(task_id, names[task_id], count) for task_id, count in counts.items()),
            tuple(notes),
            str(history_format),
            kinds,
            first,
            last,
            tuple(sample),
        )


def check_event(event: ImportedEvent) -> None:
    """Raise BrokenFile for an event that no record can hold, so that nothing of its file is published."""
    record = {
        "event_id": event.event_id,
        "event_name": event.name,
        "timestamp": event.timestamp,
        "task_id": event.task_id,
        "task_name": event.task_name,
        **event.fields,
    }
    ids = [event.fields.get("step_id", ""), *event.fields.get("depends_on", ())]
    problem = "an id has a NUL character." if any("\0" in text for text in ids) else problem_of(record)
    if problem is not None:
        raise BrokenFile(f"{event.name} of task {event.task_id[:_SHOWN]}", problem)
