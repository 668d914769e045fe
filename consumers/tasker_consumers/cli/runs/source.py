"""The records of a run: of a task, of the other tasks of its trace, from Kafka or from a file."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tasker_consumers.cli.output import complain
from tasker_consumers.cli.runs.readers import FileRuns, KafkaRuns, Records, trace_ids

if TYPE_CHECKING:
    from tasker_consumers.replay.reading.read import ReadingProgress
    from tasker_schemas.avro.codec import SchemaLookup

_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")


def open_runs(files: Sequence[Path], progress: "ReadingProgress") -> "tuple[KafkaRuns | FileRuns, SchemaLookup | None]":
    """Return the reader of runs, from files or from Kafka, with the lookup to decode records.

    Raises ConfigurationError without a Kafka, and UsageError when a file cannot be read.
    """
    from tasker_consumers.cli.environment import read_settings, read_settings_with_kafka
    from tasker_schemas.registry.lookup import open_lookup

    settings = read_settings() if files else read_settings_with_kafka()
    reader = FileRuns(files) if files else KafkaRuns(settings, progress)
    return reader, open_lookup(settings.registry)


def run_records(identifier: str, reader: KafkaRuns | FileRuns, *, alone: bool) -> Records:
    """Return the records of a task or trace; prints where it looked for records when there are none.

    Raises UsageError when the topics cannot be read.
    """
    records = reader.of_task(identifier)
    if records and not alone:
        records += reader.of_trace(trace_ids(records), records)
    elif not records and _TRACE_ID.fullmatch(identifier.lower()):
        records = reader.of_trace({identifier.lower()}, [])
    if not records:
        complain(f"no event of task or trace {identifier!r} in {reader.place}; is its id right, was it long ago?")
    return records
