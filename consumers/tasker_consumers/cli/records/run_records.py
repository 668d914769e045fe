"""The records of a run: of a task, of the other tasks of its trace, from Kafka or from a file."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tasker_consumers.cli.output import complain
from tasker_schemas.names import Family

if TYPE_CHECKING:
    from tasker_consumers.replay.reading.read import ReadingProgress
    from tasker_consumers.replay.record import StoredRecord
    from tasker_consumers.replay.selection.selection import Selection
    from tasker_consumers.settings import ConsumerSettings
    from tasker_schemas.avro.codec import SchemaLookup

_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
#: Other tasks of the trace are searched from so long before to so long after the records of the first task. They begin
#: in each other's time; an import publishes tasks in any order, but together.
_MARGIN_MS = 600_000

Records = list["StoredRecord"]


def run_records(
    identifier: str, file: Path | None, progress: "ReadingProgress", *, alone: bool
) -> "tuple[Records, SchemaLookup | None]":
    """Return the records of a task or trace, with the lookup to decode them.

    Prints where it looked for records when there are none. Raises ConfigurationError without a
    Kafka, and UsageError when its topics or the file cannot be read.
    """
    from tasker_consumers.cli.environment import read_settings, read_settings_with_kafka
    from tasker_schemas.registry.lookup import open_lookup

    settings = read_settings_with_kafka() if file is None else read_settings()
    reader = _KafkaRuns(settings, progress) if file is None else _FileRuns(file)
    records = reader.of_task(identifier)
    if records and not alone:
        records += reader.of_trace(_trace_ids(records), records)
    elif not records and _TRACE_ID.fullmatch(identifier.lower()):
        records = reader.of_trace({identifier.lower()}, [])
    if not records:
        complain(f"no event of task or trace {identifier!r} in {reader.place}; is its id right, was it long ago?")
    return records, open_lookup(settings.registry)


class _KafkaRuns:
    def __init__(self, settings: "ConsumerSettings", progress: "ReadingProgress") -> None:
        self.place = f"any partition of {settings.topic_prefix}.events.*"
        self._settings = settings
        self._progress = progress

    def of_task(self, task_id: str) -> Records:
        from tasker_consumers.replay.selection.selection import Selection

        return self._select(Selection(task_id=task_id))

    def of_trace(self, trace_ids: set[str], near: Records) -> Records:
        """Return the records of tasks of these traces that are not among `near`, which say when they arrived.

        The topic of task events names the tasks; then each is read from its own partition.
        """
        from tasker_consumers.replay.selection.selection import Selection

        times = [record.timestamp for record in near if record.timestamp is not None]
        period = (max(0, min(times) - _MARGIN_MS), max(times) + _MARGIN_MS) if times else (None, None)
        selection = Selection(families=frozenset({Family.TASK}), since=period[0], until=period[1])
        keys = {
            record.key
            for trace_id in trace_ids
            for record in self._select(replace(selection, trace_id=trace_id))
            if record.key is not None
        }
        other_keys = sorted(keys - {record.key for record in near})
        return [record for key in other_keys for record in self.of_task(key.decode("utf-8", "replace"))]

    def _select(self, selection: "Selection") -> Records:
        from tasker_consumers.replay.reading.select_records import SelectedRecords

        settings = self._settings
        return list(SelectedRecords(settings.kafka, selection, settings.topic_prefix, progress=self._progress))


class _FileRuns:
    def __init__(self, file: Path) -> None:
        from tasker_consumers.replay.container import read_container

        self.place = str(file)
        self._records = list(read_container(file))

    def of_task(self, task_id: str) -> Records:
        return [record for record in self._records if record.key == task_id.encode()]

    def of_trace(self, trace_ids: set[str], near: Records) -> Records:
        keys = {record.key for record in self._records if _trace_ids([record]) & trace_ids}
        keys -= {record.key for record in near}
        return [record for record in self._records if record.key in keys]


def _trace_ids(records: Records) -> set[str]:
    """Return the traces that the events of tasks and steps name; a custom event can carry any."""
    from tasker_schemas.headers import TRACEPARENT, read_traceparent

    spans = [read_traceparent(record.header(TRACEPARENT)) for record in records]
    return {span.trace_id for span in spans if span is not None}
