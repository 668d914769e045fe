"""Whether each group has members, and how far it is behind."""

from collections.abc import Iterator, Mapping

from confluent_kafka import TopicPartition

from tasker_consumers.kafka.groups import MANY_BEHIND, committed_offsets, describe_group
from tasker_consumers.kafka.offsets import watermarks
from tasker_consumers.replay.reading.read import open_source
from tasker_consumers.tools.doctor.connection import Connection
from tasker_consumers.tools.doctor.finding import Finding, Verdict


def check_group(kafka: Mapping[str, str], connection: Connection, group: str, command: str) -> Iterator[Finding]:
    """Yield state, members and lag of a group; `command` starts a member."""
    check = f"group {group}"
    description = describe_group(connection.admin, group)
    lag, unread = _lag(kafka, connection, group)
    members = len(description.members)
    detail = f"{description.state.name.lower().replace('_', ' ')}, {members} members, {lag:,} records behind"
    if not members:
        yield Finding(check, Verdict.FAILED, f"no member: {detail}", f"`{command}` starts a worker")
    elif lag > MANY_BEHIND:
        yield Finding(check, Verdict.WARNING, detail, "start more workers if it grows; their logs say what holds them")
    else:
        yield Finding(check, Verdict.OK, detail + (f", {unread} partitions not begun" if unread else ""))


def _lag(kafka: Mapping[str, str], connection: Connection, group: str) -> tuple[int, int]:
    """Return the records between the group's offsets and the ends, and the number of partitions without an offset."""
    lag = unread = 0
    with open_source(kafka) as consumer:
        for partition in committed_offsets(connection.admin, group):
            low, high = watermarks(consumer, TopicPartition(partition.topic, partition.partition))
            unread += partition.offset < 0
            lag += max(0, high - max(low, partition.offset))
    return lag, unread
