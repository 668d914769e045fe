"""A record as values of JSON, whatever lies in the topic."""

from typing import Any

from tasker_consumers.replay.payload import decode
from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.errors import PoisonRecord
from tasker_schemas.headers import rfc3339


def record_to_json(record: StoredRecord, decoder: Decoder) -> dict[str, Any]:
    """Return a record as JSON values: its position, its headers, and its event's fields as they were written.

    The record's `timestamp` is in milliseconds, `time` the same in ISO 8601; the times in `event` are in microseconds.
    """
    document: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "time": None if record.timestamp is None else rfc3339(record.timestamp * 1000),
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
