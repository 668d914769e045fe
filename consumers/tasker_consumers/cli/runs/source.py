"""The records of a run: of a task, of the other tasks of its trace, from Kafka or from a file."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tasker_consumers.cli.output import complain

if TYPE_CHECKING:
    from tasker_consumers.replay.reading.read import ReadingProgress
    from tasker_consumers.trace_view.readers import FileRuns, KafkaRuns, Records
    from tasker_schemas.avro.codec import SchemaLookup


def open_runs(files: Sequence[Path], progress: "ReadingProgress") -> "tuple[KafkaRuns | FileRuns, SchemaLookup | None]":
    """Return the reader of runs, from files or from Kafka, with the lookup to decode records.

    Raises ConfigurationError without a Kafka, and UsageError when a file cannot be read.
    """
    from tasker_consumers.cli.environment import read_settings, read_settings_with_kafka
    from tasker_consumers.trace_view.readers import FileRuns, KafkaRuns
    from tasker_schemas.registry.lookup import open_lookup

    settings = read_settings() if files else read_settings_with_kafka()
    reader = FileRuns(files) if files else KafkaRuns(settings, progress)
    return reader, open_lookup(settings.registry)


def run_records(identifier: str, reader: "KafkaRuns | FileRuns", *, alone: bool) -> "Records":
    """Return the records of a task or trace; prints where it looked for records when there are none.

    Raises UsageError when the topics cannot be read.
    """
    from tasker_consumers.trace_view.readers import find_records

    records = find_records(identifier, reader, alone=alone)
    if not records:
        complain(f"no event of task or trace {identifier!r} in {reader.place}; is its id right, was it long ago?")
    return records
