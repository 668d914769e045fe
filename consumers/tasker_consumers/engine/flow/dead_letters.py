"""Records that can never be read: put aside with the reason, so that the rest goes on.

A dead letter is the record itself, key, value, timestamp and headers unchanged, with KIP-1034's headers added. Where
its bytes cannot be had, a pointer says by topic, partition and offsets where they are.
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
#: Of a pointer: the first offset of the batch it stands for, and how many bytes Kafka stores there.
FIRST_OFFSET = "tasker-dlq-first-offset"
SIZE = "tasker-dlq-size"
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


def dead_letter_pointer(batch: UnreadableBatch) -> ProducerRecord:
    """Return the dead letter for a whole batch that cannot be read: no bytes, but where they are."""
    letter = dead_letter(batch, batch.error)
    place = [(FIRST_OFFSET, b"%d" % batch.first_offset), (SIZE, b"%d" % batch.size)]
    return letter._replace(headers=[*letter.headers, *place])


def _attempts(record: Record) -> int:
    for name, value in record.headers:
        if name == ATTEMPTS and value.isdigit():
            return int(value)
    return 0
