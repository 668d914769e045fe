"""Files in, events out: the work of `tasker import`."""

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tasker_consumers.importers.event import ImportedEvent
from tasker_consumers.importers.formats import HistoryFormat
from tasker_consumers.importers.options import PlaceOptions, ReadOptions
from tasker_consumers.importers.placement import Placement
from tasker_consumers.importers.publish import Progress, Publisher, deliver, publish
from tasker_consumers.importers.reading import ReadFile, Reading
from tasker_consumers.importers.report import Fault, ImportedFile, ImportReport
from tasker_schemas.errors import UsageError

OnFile = Callable[[ImportedFile], None]


def _ignore(*_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """How files are imported.

    `history_format` is None where the contents decide. `on_file` hears of each file that went in, `on_progress` of the
    number of events that were read of a long one. `clock` and `wait` are in seconds.
    """

    history_format: HistoryFormat | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)
    placing: PlaceOptions = field(default_factory=PlaceOptions)
    on_file: OnFile = _ignore
    on_progress: Progress = _ignore
    clock: Callable[[], float] = time.time
    wait: Callable[[float], None] = time.sleep

    def preview(self, files: Sequence[Path]) -> ImportReport:
        """Read the files as `run` does, with the times that their events would get now, and publish nothing."""
        return self._together(files, None) if self.placing.moves else self._each(files, _ignore)

    def run(self, files: Sequence[Path], publisher: Publisher) -> ImportReport:
        """Publish the histories in these files, and return when all events have arrived.

        A file that cannot be read becomes a fault of the report, nothing of it is published, and the other files still
        go in. Raises BackendUnavailable.
        """
        if self.placing.moves:
            report = self._together(files, publisher)
        else:
            report = self._each(files, lambda read: self._publish(read, publisher))
        deliver(publisher)
        return report

    def _publish(self, read: ReadFile, publisher: Publisher) -> None:
        publish(read.events, publisher, lambda count: self.on_progress(read.imported.file, "published", count))

    def _read(self, files: Sequence[Path]) -> Iterator[ReadFile | Fault]:
        reading = Reading(
            history_format=self.history_format,
            options=self.reading,
            prefix=self.placing.prefix,
            on_progress=self.on_progress,
        )
        for file in files:
            yield from reading.read(file)

    def _each(self, files: Sequence[Path], publish_events: Callable[[ReadFile], object]) -> ImportReport:
        faults: list[Fault] = []
        imported: list[ImportedFile] = []
        for result in self._read(files):
            if isinstance(result, Fault):
                faults.append(result)
                continue
            with result.events:
                publish_events(result)
            imported.append(result.imported)
            self.on_file(result.imported)
        return ImportReport(tuple(imported), tuple(faults))

    def _together(self, files: Sequence[Path], publisher: Publisher | None) -> ImportReport:
        """Move the times of all files by the same: so all of them are read before the first event goes out."""
        imported = []
        with ExitStack() as open_spools:
            results = list(self._read(files))
            read = [result for result in results if isinstance(result, ReadFile)]
            for result in read:
                open_spools.enter_context(result.events)
            if read:
                placement = self._placement(read)
                imported = [result.imported.placed(placement) for result in read]
                if publisher is not None:
                    merged = heapq.merge(*(result.events.by_key() for result in read), key=lambda entry: entry[0])
                    events = (placement.place(event) for _, event in merged)
                    publish(events if self.placing.speed is None else self._live(events, publisher), publisher)
        for file in imported:
            self.on_file(file)
        return ImportReport(tuple(imported), tuple(result for result in results if isinstance(result, Fault)))

    def _placement(self, read: Sequence[ReadFile]) -> Placement:
        """Return how the times of all files move; raises UsageError when some would lie before 1970."""
        now = round(self.clock() * 1_000_000)
        first = min(result.imported.first for result in read)
        last = max(result.imported.last for result in read)
        if self.placing.speed is not None:
            placement = Placement(origin=first, becomes=now, speed=self.placing.speed)
        else:
            placement = Placement(origin=last, becomes=now)
        if placement.time(first) < 0:
            raise UsageError(
                "the files span more years than there have been since 1970, so their times cannot be moved"
            )
        return placement

    def _live(self, events: Iterator[ImportedEvent], publisher: Publisher) -> Iterator[ImportedEvent]:
        """Return events when their time has come."""
        for event in events:
            ahead = event.timestamp / 1_000_000 - self.clock()
            if ahead > 0:
                deliver(publisher)
                self.wait(ahead)
            yield event


def import_files(
    history_format: HistoryFormat | None, files: Sequence[Path], publisher: Publisher, on_file: OnFile = _ignore
) -> ImportReport:
    """Publish the histories in these files at their original times, as `Import.run` does."""
    return Import(history_format=history_format, on_file=on_file).run(files, publisher)
