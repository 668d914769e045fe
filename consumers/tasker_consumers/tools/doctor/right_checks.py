"""Which programs this login may run: the rights that docs/security.md lists, as the broker answers for this client."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation

from tasker_consumers.tools.doctor.connection import TIMEOUT_S, Connection
from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tasker_schemas.topics import all_topics, dead_letter_topic, event_topics

_READ, _WRITE, _DESCRIBE = AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE


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
    outputs = [
        topic.name for topic in all_topics(prefix) if topic.name not in events and not topic.name.startswith(letters)
    ]
    reading, writing = frozenset({_READ, _DESCRIBE}), frozenset({_WRITE, _DESCRIBE})
    roles = [Role("producer", dict.fromkeys(events, writing))]
    for group, command in groups.items():
        name = command.rpartition(" ")[2]
        topics = dict.fromkeys(events, reading) | {f"{letters}{name}": writing}
        if name == "stats":
            topics |= dict.fromkeys(outputs, writing)
        roles.append(Role(command, topics, {group: frozenset({_READ})}))
    roles.append(Role("tasker trace, replay, diff", dict.fromkeys(events, reading)))
    roles.append(Role("tasker stats", dict.fromkeys(outputs, reading)))
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
    return {name: _operations(future) for name, future in futures.items()}


def _group_rights(connection: Connection, groups: list[str]) -> _Rights:
    futures = connection.admin.describe_consumer_groups(
        groups, include_authorized_operations=True, request_timeout=TIMEOUT_S
    )
    return {name: _operations(future) for name, future in futures.items()}


def _operations(future: object) -> frozenset[AclOperation]:
    """Return the operations of an answer; none where even describing is refused."""
    try:
        answer = future.result(TIMEOUT_S)  # type: ignore[attr-defined]
    except KafkaException:
        return frozenset()
    return frozenset(answer.authorized_operations or ())
