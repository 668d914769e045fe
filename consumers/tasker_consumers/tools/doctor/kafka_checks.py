"""The checks that a broker answers, in their order."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from tasker_consumers.tools.doctor.connection import Connection, check_brokers
from tasker_consumers.tools.doctor.dead_letter_checks import check_dead_letters
from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tasker_consumers.tools.doctor.group_checks import check_group
from tasker_consumers.tools.doctor.partition_checks import check_partitions
from tasker_consumers.tools.doctor.right_checks import check_rights, roles_of
from tasker_consumers.tools.doctor.setting_checks import check_settings
from tasker_consumers.tools.doctor.topic_checks import check_round_trip, check_topics
from tasker_schemas.topics import dead_letter_topic

#: Names of checks before the groups and dead letters.
OF_KAFKA = ("brokers", "topics", "settings", "rights", "partitioner", "round trip")

Check = tuple[str, Callable[[], Iterable[Finding]]]


def kafka_checks(
    kafka: Mapping[str, str], connection: Connection, prefix: str, groups: Mapping[str, str], *, is_new: bool
) -> Iterator[Check]:
    """Yield name and function of each check; a Kafka that `is_new` has no topics and groups to look at."""
    yield "brokers", lambda: check_brokers(connection)
    if is_new:
        yield "topics", lambda: [Finding("topics", Verdict.SKIPPED, "a Kafka that was just started has none")]
    else:
        yield "topics", lambda: check_topics(kafka, connection, prefix)
        yield "settings", lambda: check_settings(connection, prefix, groups)
        yield "rights", lambda: check_rights(connection, roles_of(prefix, groups))
        yield "partitioner", lambda: check_partitions(kafka, connection, prefix)
    yield "round trip", lambda: check_round_trip(kafka, connection, prefix)
    if is_new:
        return
    for group, command in groups.items():
        yield f"group {group}", lambda group=group, command=command: check_group(connection, group, command)  # type: ignore[misc]
    for name in ("stats", "telemetry", "store"):
        topic = dead_letter_topic(name, prefix)
        yield f"dead letters {topic}", lambda topic=topic: check_dead_letters(kafka, connection, topic)  # type: ignore[misc]
