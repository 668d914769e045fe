"""One JSON object for each record, one on each line."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TextIO

from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tasker_schemas.names import Family


@dataclass(frozen=True, slots=True)
class Written:
    """How many records were written, and how many of them could not be read."""

    records: int
    poison: int


def write_json_lines(records: Iterable[StoredRecord], out: TextIO, decoder: Decoder | None = None) -> Written:
    """Write every record to `out`; one that cannot be read has `poison` in the place of `event`.

    Raises BackendUnavailable when the decoder must ask a registry that does not answer.
    """
    decoder = decoder or Decoder()
    count = poison = 0
    for record in records:
        line = as_json(record, decoder)
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
        count += 1
        poison += "poison" in line
    return Written(count, poison)


def as_json(record: StoredRecord, decoder: Decoder) -> dict[str, Any]:
    """Return a record as JSON values: where it lies, its headers, and its event's fields as they were written.

    The record's `timestamp` is in milliseconds, the times in `event` are in microseconds.
    """
    shown: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": _text(record.key),
        "headers": {name: _text(value) for name, value in record.headers},
    }
    try:
        shown["event"] = decode(record, decoder)
    except PoisonRecord as error:
        shown["poison"] = str(error)
    return shown


def decode(record: StoredRecord, decoder: Decoder) -> dict[str, Any]:
    """Return the event of a record from one of the event topics; raises PoisonRecord."""
    family = family_of_topic(record.topic)
    if family is None:
        raise PoisonRecord(PoisonReason.FOREIGN_SCHEMA, f"{record.topic} holds no events")
    return decoder.decode(RECORD_OF_FAMILY[family], record.value)


def family_of_topic(topic: str) -> Family | None:
    """Return the family whose events a topic holds, None for another topic.

    >>> family_of_topic("tasker.events.step"), family_of_topic("tasker.stats.task")
    (<Family.STEP: 'step'>, None)
    """
    return next((family for family in Family if topic.endswith(f".events.{family}")), None)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "backslashreplace")
