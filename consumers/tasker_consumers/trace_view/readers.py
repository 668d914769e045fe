"""Readers of runs: all records of a task or of a trace, from Kafka or from a file."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from tasker_consumers.replay.container import read_container
from tasker_consumers.replay.reading.read import NO_PROGRESS, ReadingProgress
from tasker_consumers.replay.reading.select_records import SelectedRecords
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.settings import ConsumerSettings
from tasker_schemas.headers import TRACEPARENT, read_traceparent
from tasker_schemas.names import Family

#: Other tasks of the trace are searched from so long before to so long after the records of the first task. They begin
#: in each other's time; an import publishes tasks in any order, but together.
_MARGIN_MS = 600_000
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")

Records = list[StoredRecord]


class RunReader(Protocol):
    """Kafka or files, asked for the records of tasks and traces."""

    def of_task(self, task_id: str, limit: int | None = None) -> Records:
        """Return the records of a task, or only as many as `limit` that arrived first."""

    def of_trace(self, traces: set[str], near: Records) -> Records:
        """Return the records of tasks of these traces that are not among `near`, which say when they arrived."""


class KafkaRuns:
    """Reads the records of tasks and traces from Kafka; `place` names the source in messages.

    Records that arrived before `since` (milliseconds) are not read.
    """

    def __init__(
        self, settings: ConsumerSettings, progress: ReadingProgress = NO_PROGRESS, since: int | None = None
    ) -> None:
        self.place = f"any partition of {settings.topic_prefix}.events.*"
        self._settings = settings
        self._progress = progress
        self._since = since

    def of_task(self, task_id: str, limit: int | None = None) -> Records:
        """See `RunReader`."""
        return self._select(Selection(task_id=task_id, since=self._since, limit=limit))

    def of_trace(self, traces: set[str], near: Records) -> Records:
        """See `RunReader`; the topic of task events names the tasks, then each is read from its own partition."""
        times = [record.timestamp for record in near if record.timestamp is not None]
        period = (max(0, min(times) - _MARGIN_MS), max(times) + _MARGIN_MS) if times else (None, None)
        selection = Selection(families=frozenset({Family.TASK}), since=period[0], until=period[1])
        keys = {
            record.key
            for trace_id in traces
            for record in self._select(replace(selection, trace_id=trace_id))
            if record.key is not None
        }
        other_keys = sorted(keys - {record.key for record in near})
        return [record for key in other_keys for record in self.of_task(key.decode("utf-8", "replace"))]

    def _select(self, selection: Selection) -> Records:
        settings = self._settings
        selected = SelectedRecords(settings.kafka, selection, settings.topic_prefix, progress=self._progress)
        # `rebuild` puts events in the order of their own times; this order is for those of the same time.
        return sorted(selected.by_arrival(), key=_arrival)


def _arrival(record: StoredRecord) -> tuple[int, str, int, int]:
    return record.timestamp or 0, record.topic, record.partition, record.offset


class FileRuns:
    """Reads the records of tasks and traces from files; `place` names the source in messages."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.place = ", ".join(map(str, files))
        self._records = [record for file in files for record in read_container(file)]

    def of_task(self, task_id: str, limit: int | None = None) -> Records:
        """See `RunReader`."""
        return [record for record in self._records if record.key == task_id.encode()][:limit]

    def of_trace(self, traces: set[str], near: Records) -> Records:
        """See `RunReader`."""
        keys = {record.key for record in self._records if trace_ids([record]) & traces}
        keys -= {record.key for record in near}
        return [record for record in self._records if record.key in keys]


def find_records(identifier: str, reader: RunReader, *, alone: bool) -> Records:
    """Return the records of a task or trace, with those of the other tasks of its trace unless `alone`."""
    records = reader.of_task(identifier)
    if records and not alone:
        return records + reader.of_trace(trace_ids(records), records)
    if not records and is_trace_id(identifier):
        return reader.of_trace({identifier.lower()}, [])
    return records


def is_trace_id(text: str) -> bool:
    """Return whether a text can be the id of a trace: 32 hex digits, not all zero."""
    return _TRACE_ID.fullmatch(text.lower()) is not None


def trace_ids(records: Records) -> set[str]:
    """Return the traces that the events of tasks and steps name; a custom event can carry any."""
    spans = [read_traceparent(record.header(TRACEPARENT)) for record in records]
    return {span.trace_id for span in spans if span is not None}
