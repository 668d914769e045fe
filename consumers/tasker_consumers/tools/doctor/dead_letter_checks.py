"""The number of dead letters, and the reason of the newest."""

from collections.abc import Iterator, Mapping

from tasker_consumers.engine.flow.dead_letters import MESSAGE, OFFSET, PARTITION, TOPIC
from tasker_consumers.replay.reading.partition_times import whole_range
from tasker_consumers.replay.reading.read import open_source, read
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.times import time_text
from tasker_consumers.tools.doctor.connection import Connection
from tasker_consumers.tools.doctor.finding import Finding, Verdict


def check_dead_letters(kafka: Mapping[str, str], connection: Connection, topic: str) -> Iterator[Finding]:
    """Yield the number of dead letters in a topic, with time and reason of the newest."""
    check = f"dead letters {topic}"
    metadata = connection.topics().get(topic)
    if metadata is None:
        yield Finding(check, Verdict.SKIPPED, "the topic does not exist")
        return
    with open_source(kafka) as consumer:
        spans = [whole_range(consumer, topic, partition) for partition in metadata.partitions]
    filled = [span for span in spans if span.start < span.end]
    count = sum(span.end - span.start for span in filled)
    if not count:
        yield Finding(check, Verdict.OK, "none")
        return
    with open_source(kafka) as consumer:
        ends = list(read(consumer, [span._replace(start=span.end - 1) for span in filled]))
    newest = max(ends, key=lambda record: record.timestamp or 0, default=None)
    detail = f"{count:,} records" + ("" if newest is None else f", the newest {_letter_summary(newest)}")
    yield Finding(check, Verdict.WARNING, detail, f"`tasker dlq list {topic.rpartition('.')[2]}` groups them by reason")


def _letter_summary(letter: StoredRecord) -> str:
    origin = "/".join(_text(letter, name) for name in (TOPIC, PARTITION, OFFSET))
    sent = None if letter.timestamp is None else letter.timestamp * 1000
    return f"from {origin} at {time_text(sent)}: {_text(letter, MESSAGE)}"


def _text(letter: StoredRecord, header: str) -> str:
    return (letter.header(header) or b"?").decode("utf-8", "replace")
