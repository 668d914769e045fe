"""Records that can never be read: put aside with the reason, so that the rest goes on.

A dead letter is the record itself, key, value, timestamp and headers unchanged, with KIP-1034's headers added.
"""

from tasker_consumers.engine.flow.batch_producer import ProducerRecord
from tasker_consumers.engine.processor import Record
from tasker_schemas.errors import PoisonRecord

EXCEPTION = "__streams.errors.exception"
MESSAGE = "__streams.errors.message"
TOPIC = "__streams.errors.topic"
PARTITION = "__streams.errors.partition"
OFFSET = "__streams.errors.offset"
ATTEMPTS = "tasker-dlq-attempts"
#: A reason may quote the record: the letter must not grow beyond what the topic takes.
_MESSAGE_LENGTH = 1000
_OURS = {EXCEPTION, MESSAGE, TOPIC, PARTITION, OFFSET, ATTEMPTS}


def dead_letter(record: Record, error: PoisonRecord) -> ProducerRecord:
    """Return the dead letter for a record that `error` says is unreadable.

    A record that was requeued and failed again carries these headers already: they are replaced, and the attempts
    counted on.
    """
    kind = type(error)
    added = {
        EXCEPTION: f"{kind.__module__}.{kind.__qualname__}",
        MESSAGE: str(error)[:_MESSAGE_LENGTH],
        TOPIC: record.topic,
        PARTITION: str(record.partition),
        OFFSET: str(record.offset),
        ATTEMPTS: str(_attempts(record) + 1),
    }
    return ProducerRecord(
        key=record.key,
        value=record.value,
        timestamp=record.timestamp,
        headers=[
            *((name, value) for name, value in record.headers if name not in _OURS),
            *((name, text.encode()) for name, text in added.items()),
        ],
    )


def _attempts(record: Record) -> int:
    for name, value in record.headers:
        if name == ATTEMPTS and value.isdigit():
            return int(value)
    return 0
