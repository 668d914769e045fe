"""A record in full, and a record in a single line."""

from collections.abc import Iterator
from typing import NamedTuple

from tasker_consumers.replay.payload import decode
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.replay.selection.record_facts import RecordFacts
from tasker_consumers.strict_json import strict_json
from tasker_consumers.times import time_text
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.avro.versions import by_fingerprint
from tasker_schemas.errors import PoisonRecord

_HEX_BYTES = 256


class EventLine(NamedTuple):
    """The columns of an event in a list; `error` is empty unless it reports a failure."""

    time: str
    name: str
    task: str
    step: str
    error: str


def event_line(record: StoredRecord, decoder: Decoder) -> EventLine:
    """Return the columns of a record; of an unreadable record its position and the reason."""
    facts = RecordFacts(record, lambda item: decode(item, decoder))
    name = facts.event_name or "?"
    task = record.key.decode("utf-8", "backslashreplace") if record.key is not None else "-"
    try:
        event = decode(record, decoder)
    except PoisonRecord as error:
        return EventLine(time_text(_micros(record.timestamp)), name, task, "", f"{record.origin}: {error}")
    step = str(event.get("step_name") or event.get("step_id") or "")
    attempt = event.get("attempt_number") or 1
    step += f" attempt {attempt}" if step and attempt > 1 else ""
    reasons = [event.get("error_class"), event.get("error_message")]
    error_text = ": ".join(str(reason) for reason in reasons if reason).partition("\n")[0]
    return EventLine(time_text(event["timestamp"]), name, str(event.get("task_id") or task), step, error_text)


def record_lines(record: StoredRecord, decoder: Decoder) -> Iterator[tuple[str, str]]:
    """Yield name and value of everything that is known of a record."""
    yield "position", record.origin
    yield "arrived" if record.appended else "sent", time_text(_micros(record.timestamp))
    facts = RecordFacts(record, lambda item: decode(item, decoder))
    happened = facts.happened_at
    yield "happened", time_text(happened)
    yield "key", "-" if record.key is None else record.key.decode("utf-8", "backslashreplace")
    for name, value in record.headers:
        yield f"header {name}", "-" if value is None else value.decode("utf-8", "backslashreplace")
    yield "framing", framing_of(record.value)
    yield "size", f"{record.size:,} bytes, of them {len(record.value or b''):,} in the value"
    try:
        yield "event", strict_json(decode(record, decoder), indent=2)
    except PoisonRecord as error:
        yield "unreadable", str(error)
    for number, line in enumerate(hex_lines(record.value or b"")):
        yield "value" if not number else "", line


def framing_of(value: bytes | None) -> str:
    """Return how a value names its schema.

    >>> framing_of(bytes.fromhex("000000002a")), framing_of(None), framing_of(b"junk")
    ('schema id 42 of a registry', 'no value', 'none of ours, begins with 6a75')
    """
    if not value:
        return "no value" if value is None else "empty"
    if value[:2] == b"\xc3\x01" and len(value) >= 10:  # noqa: PLR2004  marker and fingerprint
        schema = by_fingerprint().get(value[2:10])
        version_text = "no version of ours" if schema is None else f"{schema.record} version {schema.version}"
        return f"single object, fingerprint {value[2:10].hex()}: {version_text}"
    if value[:1] == b"\x00" and len(value) >= 5:  # noqa: PLR2004  marker and id
        return f"schema id {int.from_bytes(value[1:5], 'big')} of a registry"
    return f"none of ours, begins with {value[:2].hex()}"


def hex_lines(value: bytes) -> Iterator[str]:
    """Yield the bytes in hex, 16 on a line, with their characters; of a long value the beginning."""
    for start in range(0, min(len(value), _HEX_BYTES), 16):
        part = value[start : start + 16]
        characters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)  # noqa: PLR2004  printable
        yield f"{start:06x}  {part.hex(' '):<47}  {characters}"
    if len(value) > _HEX_BYTES:
        yield f"({len(value) - _HEX_BYTES:,} more bytes)"


def _micros(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else milliseconds * 1000
