"""Replayed records on standard output, or in a file."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasker_consumers.cli.frame.hints import command_line
from tasker_consumers.cli.output import complain, show_json

if TYPE_CHECKING:
    from tasker_consumers.replay.record import StoredRecord
    from tasker_schemas.avro.codec import Decoder


def print_records(records: "Iterable[StoredRecord]", decoder: "Decoder") -> int:
    """Print a document for each record and return their number; exits with 1 if any of them is unreadable."""
    from tasker_consumers.replay.sinks.json_lines import record_to_json

    count = unreadable = 0
    for record in records:
        document = record_to_json(record, decoder)
        show_json(document)
        count += 1
        unreadable += "poison" in document
    sys.stdout.flush()
    complain(f"{count} records, {unreadable} of them unreadable")
    if unreadable:
        raise typer.Exit(1)
    return count


def write_file(records: "Iterable[StoredRecord]", file: Path) -> int:
    """Write records into an Avro container file and return their number; without records no file stays."""
    from tasker_consumers.replay.container import write_container

    count = write_container(records, file)
    if count:
        complain(f"wrote {count} records to {file}; next: {command_line('tasker replay --from-file', str(file))}")
    else:
        file.unlink()
    return count
