"""The form of a dead letter: the record that a group could not process, with the reason.

A dead letter is the record itself, key, value, timestamp and headers unchanged, with KIP-1034's headers added. A record
that its dead-letter topic does not take becomes a pointer: no value, the first bytes of the key, and where the record
is. Nothing here raises, whatever the record holds: a letter that cannot be written would stop the partition for good.
"""

from tasker_consumers.engine.flow.batch_producer import ProducerRecord
from tasker_consumers.engine.processor import Record
from tasker_consumers.engine.unreadable_batch import UnreadableBatch
from tasker_schemas.errors import PoisonRecord

EXCEPTION = "__streams.errors.exception"
MESSAGE = "__streams.errors.message"
TOPIC = "__streams.errors.topic"
PARTITION = "__streams.errors.partition"
OFFSET = "__streams.errors.offset"
ATTEMPTS = "tasker-dlq-attempts"
#: On pointers alone: how many bytes the record has.
SIZE = "tasker-dlq-size"
#: On pointers to a batch that cannot be read: the offset of its first record; `OFFSET` is that of its last.
FIRST_OFFSET = "tasker-dlq-first-offset"
#: Bytes of the key that a pointer keeps.
POINTER_KEY_BYTES = 1000
#: A reason may quote the record: the letter must not grow beyond the limit of its topic.
_MESSAGE_LENGTH = 1000
#: Room for the headers that a letter has more than its record, whatever characters the reason has.
_ADDED_BYTES = 16 << 10
_ADDED = {EXCEPTION, MESSAGE, TOPIC, PARTITION, OFFSET, ATTEMPTS, SIZE, FIRST_OFFSET}
#: More attempts than anybody makes: a longer number was not written by us.
_MOST_DIGITS = 9
_LATEST_MS = 2**63 - 1


def letter_of(record: Record, error: PoisonRecord, *, max_bytes: int) -> ProducerRecord:
    """Return the dead letter of a record; a pointer where it would take more than `max_bytes`, or has no bytes."""
    is_copied = not isinstance(record, UnreadableBatch) and size_of(record) + _ADDED_BYTES <= max_bytes
    return dead_letter(record, error) if is_copied else pointer(record, error)


def dead_letter(record: Record, error: PoisonRecord) -> ProducerRecord:
    """Return the dead letter for a record that `error` says is unreadable.

    A record that was requeued and failed again carries these headers already: they are replaced, and the attempts
    counted on.
    """
    headers = _headers(record)
    return ProducerRecord(
        key=record.key,
        value=record.value,
        timestamp=_timestamp(record),
        headers=[*((name, value) for name, value in headers if name not in _ADDED), *_reason(record, error, headers)],
    )


def pointer(record: Record, error: PoisonRecord) -> ProducerRecord:
    """Return a small dead letter that says where the record is: for a record too large to be copied, or unreadable."""
    return ProducerRecord(
        key=None if record.key is None else bytes(record.key)[:POINTER_KEY_BYTES],
        value=None,
        headers=[
            *_reason(record, error, _headers(record)),
            (SIZE, b"%d" % size_of(record)),
            *([(FIRST_OFFSET, b"%d" % record.first_offset)] if isinstance(record, UnreadableBatch) else []),
        ],
    )


def size_of(record: Record) -> int:
    """Return the bytes of a record's key, value and headers; of a batch that cannot be read its compressed bytes."""
    if isinstance(record, UnreadableBatch):
        return record.size
    headers = sum(len(name.encode("utf-8", "replace")) + len(value or b"") for name, value in _headers(record))
    return len(record.key or b"") + len(record.value or b"") + headers


def _reason(
    record: Record, error: PoisonRecord, headers: list[tuple[str, bytes | None]]
) -> list[tuple[str, bytes | None]]:
    kind = type(error.__cause__ or error)
    added = {
        EXCEPTION: f"{kind.__module__}.{kind.__qualname__}",
        MESSAGE: str(error)[:_MESSAGE_LENGTH],
        TOPIC: record.topic,
        PARTITION: str(record.partition),
        OFFSET: str(record.offset),
        ATTEMPTS: str(_attempts(headers) + 1),
    }
    return [(name, text.encode("utf-8", "backslashreplace")) for name, text in added.items()]


def _headers(record: Record) -> list[tuple[str, bytes | None]]:
    """Return the headers as a producer can write them: surrogates in a name have no UTF-8."""
    try:
        return [(name.encode("utf-8", "backslashreplace").decode(), value) for name, value in record.headers]
    except Exception:  # noqa: BLE001  headers that cannot be read must not keep the record from its burial
        return []


def _timestamp(record: Record) -> int | None:
    """Return the record's time, None (now) for a number that is no time."""
    return record.timestamp if 0 <= record.timestamp <= _LATEST_MS else None


def _attempts(headers: list[tuple[str, bytes | None]]) -> int:
    for name, value in headers:
        if name == ATTEMPTS and value is not None and value.isdigit() and len(value) <= _MOST_DIGITS:
            return int(value)
    return 0
