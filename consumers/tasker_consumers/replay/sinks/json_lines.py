"""A JSON object on a line for each record; strict JSON, whatever lies in the topic."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TextIO

from tasker_consumers.replay.payload import decode
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.strict_json import strict_json
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.errors import PoisonRecord


@dataclass(frozen=True, slots=True)
class WriteReport:
    """How many records were written, and how many of them could not be read."""

    records: int
    poison: int


def write_json_lines(records: Iterable[StoredRecord], out: TextIO, decoder: Decoder | None = None) -> WriteReport:
    """Write every record to `out`; an unreadable record has `poison` in the place of `event`.

    Raises BackendUnavailable when the decoder must ask a registry that does not answer.
    """
    decoder = decoder or Decoder()
    count = poison = 0
    for record in records:
        line = record_to_json(record, decoder)
        out.write(strict_json(line) + "\n")
        count += 1
        poison += "poison" in line
    return WriteReport(count, poison)


def record_to_json(record: StoredRecord, decoder: Decoder) -> dict[str, Any]:
    """Return a record as JSON values: its position, its headers, and its event's fields as they were written.

    The record's `timestamp` is in milliseconds, the times in `event` are in microseconds.
    """
    document: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": _text(record.key),
        "headers": {name: _text(value) for name, value in record.headers},
    }
    try:
        document["event"] = decode(record, decoder)
    except PoisonRecord as error:
        document["poison"] = str(error)
    return document


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "backslashreplace")
