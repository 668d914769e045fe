"""The statistics, spans and edges that come of files, by way of `Import` and the records that the producer makes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasker_consumers.importers import HistoryFormat, Import
from tasker_consumers.importers.options import ReadOptions
from tasker_consumers.importers.report import ImportReport
from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import Span
from tasker_producer.testing import PublishedEvent, RecordingPublisher
from tests.support.telemetry.histories import Told


@dataclass(frozen=True)
class Outcome:
    """All that an import brought in."""

    report: ImportReport
    events: Sequence[PublishedEvent] = field(repr=False)

    @property
    def faults(self) -> list[str]:
        """The faults, without the folder of their files."""
        return [": ".join(filter(None, (f.file.name, f.place, f.problem))) for f in self.report.faults]

    def stats(self, order: int = 1) -> dict[str, dict[str, Any]]:
        """Return the statistics by task id, without the revision, which counts events; `order` -1 is backwards."""
        events = list(self.events)[::order]
        folded = recompute([event.fields for event in events], [event.headers for event in events])
        return {task_id: {**task, "revision": None} for task_id, task in folded.items()}

    def spans(self) -> list[Span]:
        """Return the spans, with readable names."""
        records = [Told(e.topic, e.key.encode(), e.value, tuple(e.headers)) for e in self.events]
        return spans_of(records, SpanNames.READABLE)

    def edges(self) -> dict[tuple[str, str], set[str]]:
        """Return the steps that each step waits for, by task id and step id."""
        steps = [event.fields for event in self.events if event.name.startswith("step.")]
        return {(step["task_id"], step["step_id"]): set(step["depends_on"]) for step in steps if step["depends_on"]}

    def named(self, *names: str) -> list[dict[str, Any]]:
        """Return the fields of the events with these names."""
        return [event.fields for event in self.events if event.name in names]


def run_import(
    files: Iterable[Path], history_format: HistoryFormat | None = None, reading: ReadOptions | None = None
) -> Outcome:
    """Import files."""
    publisher = RecordingPublisher()
    importer = Import(history_format=history_format, reading=reading or ReadOptions())
    return Outcome(importer.run(list(files), publisher), publisher.events)


@dataclass(frozen=True)
class Files:
    """Contents as files of a folder."""

    folder: Path

    def run(
        self, *contents: str | bytes, history_format: HistoryFormat | None = None, reading: ReadOptions | None = None
    ) -> Outcome:
        """Import contents, each as a file of its own."""
        paths = [self.folder / f"file-{number}" for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return run_import(paths, history_format, reading)
