"""Which programs this login may run: the rights that docs/security.md lists, as the broker answers for this client."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation

from tasker_consumers.kafka.groups import describe_group
from tasker_consumers.tools.doctor.connection import TIMEOUT_S, Connection
from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tasker_schemas.topics import all_topics, dead_letter_topic, event_topics, window_topic

_READ, _WRITE, _DESCRIBE = AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE
_REFUSALS = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}


@dataclass(frozen=True, slots=True)
class Role:
    """A program, and the operations on topics and groups that it needs."""

    name: str
    topics: Mapping[str, frozenset[AclOperation]]
    groups: Mapping[str, frozenset[AclOperation]] = field(default_factory=dict)


def roles_of(prefix: str, groups: Mapping[str, str]) -> list[Role]:
    """Return the programs of the system; `groups` has the commands of the groups' workers by the groups' names."""
    events = event_topics(prefix)
    letters = dead_letter_topic("", prefix)
    derived = [topic.name for topic in all_topics(prefix) if topic.name not in events]
    outputs = [topic for topic in derived if not topic.startswith(letters)]
    reading, writing = frozenset({_READ, _DESCRIBE}), frozenset({_WRITE, _DESCRIBE})
    roles = [Role("producer", dict.fromkeys(events, writing))]
    for group, command in groups.items():
        name = command.rpartition(" ")[2]
        topics = dict.fromkeys(events, reading) | {f"{letters}{name}": writing}
        if name == "stats":
            topics |= dict.fromkeys(outputs, writing)
        elif name == "store":
            read = [topic for topic in (*events, *derived) if topic != window_topic(prefix)]
            topics = {topic: reading | topics.get(topic, frozenset()) for topic in read}
        roles.append(Role(command, topics, {group: frozenset({_READ})}))
    roles.append(Role("tasker trace, replay, diff", dict.fromkeys(events, reading)))
    roles.append(Role("tasker stats", dict.fromkeys(outputs, reading)))
    shown = dict.fromkeys([*events, *derived], reading)
    roles.append(Role("tasker web", shown, dict.fromkeys(groups, frozenset({_DESCRIBE}))))
    return roles


def check_rights(connection: Connection, roles: list[Role]) -> Iterator[Finding]:
    """Yield for each program whether this login may run it; nobody needs the rights of all programs."""
    existing = connection.topics()
    topics = sorted({name for role in roles for name in role.topics} & existing.keys())
    allowed_topics = _topic_rights(connection, topics) if topics else {}
    allowed_groups = _group_rights(connection, sorted({name for role in roles for name in role.groups}))
    possible: list[str] = []
    for role in roles:
        lacking = [*_lacking(role.topics, allowed_topics, set(topics)), *_lacking(role.groups, allowed_groups, None)]
        if not lacking:
            possible.append(role.name)
            continue
        remedy = "docs/security.md has the commands, if this login is to run it"
        shown = ", ".join(lacking[:3]) + (f" and {len(lacking) - 3} more" if len(lacking) > 3 else "")  # noqa: PLR2004
        yield Finding(f"rights {role.name}", Verdict.WARNING, f"lacks {shown}", remedy)
    verdict = Verdict.OK if possible else Verdict.FAILED
    remedy = "" if possible else "give this login the rights that docs/security.md lists"
    yield Finding("rights", verdict, f"this login may run: {', '.join(possible) or 'nothing'}", remedy)


_Rights = Mapping[str, frozenset[AclOperation]]


def _lacking(needed: _Rights, allowed: _Rights, existing: set[str] | None) -> list[str]:
    return [
        f"{operation.name.capitalize()} on {name}"
        for name, operations in needed.items()
        if existing is None or name in existing
        for operation in sorted(operations - allowed.get(name, frozenset()), key=lambda operation: operation.name)
    ]


def _topic_rights(connection: Connection, topics: list[str]) -> _Rights:
    futures = connection.admin.describe_topics(
        TopicCollection(topics), include_authorized_operations=True, request_timeout=TIMEOUT_S
    )
    return {topic: _operations(future.result) for topic, future in futures.items()}


def _group_rights(connection: Connection, groups: list[str]) -> _Rights:
    return {group: _operations(partial(describe_group, connection.admin, group, with_rights=True)) for group in groups}


def _operations(describe: Callable[[], Any]) -> frozenset[AclOperation]:
    """Return the operations of a description; none where even describing is refused.

    Raises KafkaException when the broker does not tell: that says nothing about rights.
    """
    try:
        description = describe()
    except KafkaException as error:
        if error.args[0].code() in _REFUSALS:
            return frozenset()
        raise
    return frozenset(description.authorized_operations or ())
