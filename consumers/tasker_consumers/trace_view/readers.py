"""Readers of runs: all records of a task or of a trace, from Kafka or from a file."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from tasker_consumers.replay.container import read_container
from tasker_consumers.replay.reading.offset_range import NOTHING, Reached
from tasker_consumers.replay.reading.read import NO_PROGRESS, ReadingProgress
from tasker_consumers.replay.reading.select_records import SelectedRecords
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.settings import ConsumerSettings
from tasker_schemas.headers import TRACEPARENT, read_traceparent
from tasker_schemas.names import Family

#: Other tasks of the trace are searched from so long before to so long after the records of the first task. They begin
#: in each other's time; an import publishes tasks in any order, but together.
MARGIN_MS = 600_000
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
        return self._of_keys(self._keys(traces, near) - {record.key for record in near})

    def _keys(self, traces: set[str], near: Records) -> set[bytes]:
        times = [record.timestamp for record in near if record.timestamp is not None]
        period = (max(0, min(times) - MARGIN_MS), max(times) + MARGIN_MS) if times else (None, None)
        selection = Selection(families=frozenset({Family.TASK}), since=period[0], until=period[1])
        return {
            record.key
            for trace_id in traces
            for record in self._select(replace(selection, trace_id=trace_id))
            if record.key is not None
        }

    def _of_keys(self, keys: set[bytes]) -> Records:
        return [record for key in sorted(keys) for record in self.of_task(key.decode("utf-8", "replace"))]

    def _select(self, selection: Selection) -> Records:
        return list(self._selected(selection).by_arrival())

    def _selected(self, selection: Selection, after: Reached = NOTHING) -> SelectedRecords:
        settings = self._settings
        return SelectedRecords(settings.kafka, selection, settings.topic_prefix, progress=self._progress, after=after)


class FollowingRuns(KafkaRuns):
    """Reads the records of a run bit by bit: each record comes once, and asked again those that arrived since.

    A reader whose question failed may have lost records, and is not to be asked again.
    """

    def __init__(self, settings: ConsumerSettings, since: int | None = None) -> None:
        super().__init__(settings, since=since)
        self._reached: dict[tuple[str | None, str | None], Reached] = {}
        self._traces: set[str] = set()
        self._own_keys: set[bytes | None] = set()
        self._other_keys: set[bytes] = set()

    def of_trace(self, traces: set[str], near: Records) -> Records:
        """See `RunReader`; the traces of former questions are followed, too."""
        self._traces |= traces
        self._own_keys |= {record.key for record in near}
        self._other_keys |= self._keys(self._traces, near)
        return self._of_keys(self._other_keys - self._own_keys)

    def _select(self, selection: Selection) -> Records:
        question = selection.task_id, selection.trace_id
        after = self._reached.get(question, NOTHING)
        if after is not NOTHING:  # all that is new came after the begin
            selection = replace(selection, since=None, until=None)
        selected = self._selected(selection, after)
        records = list(selected.by_arrival())
        self._reached[question] = selected.reached
        return records


class FileRuns:
    """Reads the records of tasks and traces from files; `place` names the source in messages.

    The files are read once, and the records found by their task or trace from then on.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self.place = ", ".join(map(str, files))
        self._records = [record for file in files for record in read_container(file)]
        self._positions: dict[bytes | None, list[int]] = {}  # of a task's records, by their key
        for position, record in enumerate(self._records):
            self._positions.setdefault(record.key, []).append(position)

    def of_task(self, task_id: str, limit: int | None = None) -> Records:
        """See `RunReader`."""
        return self._with_keys([task_id.encode()])[:limit]

    def of_trace(self, traces: set[str], near: Records) -> Records:
        """See `RunReader`."""
        keys = {key for trace_id in traces for key in self._keys_by_trace.get(trace_id, ())}
        return self._with_keys(keys - {record.key for record in near})

    def _with_keys(self, keys: Iterable[bytes | None]) -> Records:
        """Return the records with some keys, in the order of the files."""
        return [
            self._records[position]
            for position in sorted(position for key in keys for position in self._positions.get(key, ()))
        ]

    @cached_property
    def _keys_by_trace(self) -> dict[str, set[bytes | None]]:
        keys: dict[str, set[bytes | None]] = {}
        for record in self._records:
            for trace_id in trace_ids([record]):
                keys.setdefault(trace_id, set()).add(record.key)
        return keys


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
