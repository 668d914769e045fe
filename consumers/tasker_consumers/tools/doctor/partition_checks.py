"""Whether the newest events lie in the partitions of their keys, where both groups and all tools look for them."""

from collections.abc import Iterator, Mapping

from tasker_consumers.kafka.partitioner import partition_of
from tasker_consumers.replay.reading.partition_times import whole_range
from tasker_consumers.replay.reading.read import open_source, read
from tasker_consumers.tools.doctor.connection import Connection
from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic

#: The newest records of each partition that are looked at.
_NEWEST = 20
_CHECK = "partitioner"


def check_partitions(kafka: Mapping[str, str], connection: Connection, prefix: str) -> Iterator[Finding]:
    """Yield whether the newest events of tasks and steps lie where murmur2 puts their keys."""
    existing = connection.topics()
    topics = [name for family in (Family.TASK, Family.STEP) if (name := event_topic(family, prefix)) in existing]
    with open_source(kafka) as consumer:
        ranges = [whole_range(consumer, topic, number) for topic in topics for number in existing[topic].partitions]
    newest = [span._replace(start=max(span.start, span.end - _NEWEST)) for span in ranges if span.start < span.end]
    if not newest:
        yield Finding(_CHECK, Verdict.SKIPPED, "there is no event of a task or step yet")
        return
    with open_source(kafka) as consumer:
        records = [record for record in read(consumer, newest) if record.key is not None]
    stray = [
        record
        for record in records
        if partition_of(record.key or b"", len(existing[record.topic].partitions)) != record.partition
    ]
    if not stray:
        yield Finding(_CHECK, Verdict.OK, f"the newest {len(records)} events lie in the partitions of their keys")
        return
    origins = ", ".join(record.origin for record in stray[:3])
    detail = f"{len(stray)} of the newest {len(records)} events lie in other partitions than their keys': {origins}"
    remedy = "set the partitioner of the service that sent them to murmur2_random, unless partitions were just added"
    yield Finding(_CHECK, Verdict.WARNING, detail, remedy)
