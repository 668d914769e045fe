"""`tasker replay --call`: a handler of the user's own for each record, and the fewest records that make it fail."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasker_consumers.cli.output import complain
from tasker_consumers.cli.replay.targets import TargetOptions

if TYPE_CHECKING:
    from tasker_consumers.replay.calling.handler import HandlerFailure, HandlerTarget
    from tasker_consumers.replay.calling.incident import IncidentFiles
    from tasker_consumers.replay.pacing import Pace
    from tasker_consumers.replay.record import StoredRecord
    from tasker_schemas.avro.codec import Decoder


def call_for_records(records: "Iterable[StoredRecord]", target: TargetOptions, pace: "Pace", decoder: "Decoder") -> int:
    """Call the handler for each record and return their number; exits with 1 when it fails."""
    from tasker_consumers.replay.calling.handler import HandlerTarget, call_handler
    from tasker_consumers.replay.calling.incident import IncidentFiles

    handler = HandlerTarget(target.call or "")
    files = IncidentFiles.of(target.into or Path(), handler.target) if target.shrink else None
    held_records = list(records)
    failure = call_handler(handler.fresh(), pace.paced(held_records), decoder)
    if failure is None:
        complain(f"{handler.target} took {len(held_records)} records without an error")
        return len(held_records)
    _show_failure(handler, held_records, failure)
    if files is not None:
        _write_fewest(files, handler, held_records, failure, decoder)
    raise typer.Exit(1)


def _show_failure(handler: "HandlerTarget", records: "list[StoredRecord]", failure: "HandlerFailure") -> None:
    frames = traceback.format_exception(failure.error)
    typer.echo("".join(frames).rstrip(), err=True)
    record = records[failure.index]
    complain(f"{handler.target} failed at record {failure.index + 1} of {len(records)}, {record.origin}")


def _write_fewest(
    files: "IncidentFiles",
    handler: "HandlerTarget",
    records: "list[StoredRecord]",
    failure: "HandlerFailure",
    decoder: "Decoder",
) -> None:
    from tasker_consumers.replay.calling.incident import fewest_events, quiet_call, write_incident

    again = quiet_call(handler, records[: failure.index + 1], decoder)
    if again is None or again.identity != failure.identity:
        complain("a second call with the same records does not fail in the same way; nothing to shrink")
        return
    fewest = fewest_events(handler, records, failure, decoder)
    write_incident(files, handler, fewest, failure, decoder)
    complain(f"wrote {len(fewest)} events to {files.events}; next: pytest {files.test}")
