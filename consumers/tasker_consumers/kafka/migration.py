"""Changes that move data: a group that rebuilds its states, and topics that get more partitions.

A key's partition follows from the number of partitions. When the number grows, the events of a task that was under way
lie in two partitions, and no worker sees both. So topics grow while they are empty, or when the caller accepts that.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewPartitions

from tasker_consumers.kafka.access import QuietAdmin
from tasker_consumers.kafka.groups import TopicRange, delete_topic, forget_offsets, has_progress, members, ranges
from tasker_consumers.kafka.topics import partitions_by_topic
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.topics import all_topics, event_topics

TIMEOUT_S = 10.0
_PAUSE_S = 0.05
_CHANGELOG = "-states-changelog"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetPlan:
    """The topic and offsets that a reset deletes, and the events from which the states are built again."""

    group: str
    changelog: str
    sources: Sequence[TopicRange]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthPlan:
    """Which topics get more partitions, and which groups build their states again afterwards."""

    partitions: int
    #: The present number by topic, of those that grow.
    topics: Mapping[str, int]
    groups: Sequence[str]
    #: Event topics with records; the tasks of these can lie in two partitions afterwards.
    occupied: Sequence[TopicRange]


def plan_reset(kafka: Mapping[str, str], prefix: str, group: str) -> ResetPlan:
    """Return the plan of a reset; `group` is `stats`, `telemetry`, or the whole name of a group.

    Raises ConfigurationError when the group has members, or when Kafka knows nothing of it.
    """
    admin, name = QuietAdmin(kafka), _group_name(prefix, group)
    existing = partitions_by_topic(admin)
    changelog = f"{name}{_CHANGELOG}"
    _require_no_members(admin, [name])
    if changelog not in existing and not has_progress(admin, name, event_topics(prefix)):
        with_states = ", ".join(_groups(existing, prefix)) or "none"
        raise ConfigurationError(f"no group {name} has states here; groups with states: {with_states}")
    return ResetPlan(group=name, changelog=changelog, sources=ranges(admin, event_topics(prefix)))


def reset(kafka: Mapping[str, str], plan: ResetPlan) -> None:
    """Delete a group's offsets and its changelog: its workers read the events from their beginning when they start.

    The offsets go first: a reset that ends in between leaves states that meet their events again; no fold minds that.
    """
    admin = QuietAdmin(kafka)
    forget_offsets(admin, plan.group)
    delete_topic(admin, plan.changelog)


def plan_growth(kafka: Mapping[str, str], prefix: str, partitions: int) -> GrowthPlan:
    """Return the plan of a growth; raises ConfigurationError when a topic has more partitions, or a group members."""
    admin = QuietAdmin(kafka)
    existing = partitions_by_topic(admin)
    topics = {topic.name: existing[topic.name] for topic in all_topics(prefix) if topic.name in existing}
    if larger := [f"{name} ({count})" for name, count in topics.items() if count > partitions]:
        raise ConfigurationError(f"Kafka cannot take partitions away: {', '.join(larger)}; expected at least as many")
    groups = _groups(existing, prefix)
    _require_no_members(admin, groups)
    return GrowthPlan(
        partitions=partitions,
        topics={name: count for name, count in topics.items() if count < partitions},
        groups=[name for name in groups if existing[f"{name}{_CHANGELOG}"] != partitions],
        occupied=[topic for topic in ranges(admin, event_topics(prefix)) if topic.records],
    )


def grow(kafka: Mapping[str, str], plan: GrowthPlan) -> None:
    """Add the partitions, and have the groups build their states again; can be repeated after a failure.

    Raises ConfigurationError when the cluster refuses.
    """
    admin = QuietAdmin(kafka)
    for group in plan.groups:
        forget_offsets(admin, group)
        delete_topic(admin, f"{group}{_CHANGELOG}")
    new = [NewPartitions(name, plan.partitions) for name in plan.topics]
    for name, done in (admin.create_partitions(new, request_timeout=TIMEOUT_S) if new else {}).items():
        try:
            done.result()
        except KafkaException as error:
            raise ConfigurationError(f"Kafka added no partitions to {name}: {error.args[0].str()}") from error
    deadline = time.monotonic() + TIMEOUT_S
    while _counts(admin, plan.topics) != {plan.partitions} and plan.topics:
        if time.monotonic() > deadline:
            raise ConfigurationError(f"Kafka added partitions, but does not list them {TIMEOUT_S:.0f} s later")
        time.sleep(_PAUSE_S)


def _counts(admin: QuietAdmin, topics: Mapping[str, int]) -> set[int]:
    return {count for name, count in partitions_by_topic(admin).items() if name in topics}


def _require_no_members(admin: AdminClient, groups: Sequence[str]) -> None:
    active = {group: count for group in groups if (count := members(admin, group))}
    if active:
        listed = ", ".join(f"{group} ({count})" for group, count in active.items())
        raise ConfigurationError(f"stop all workers first; these groups have members: {listed}")


def _group_name(prefix: str, group: str) -> str:
    return group if group.startswith(f"{prefix}-") else f"{prefix}-{group}"


def _groups(existing: Mapping[str, int], prefix: str) -> list[str]:
    """Return the groups of a prefix that have states: those with a changelog."""
    return sorted(
        name.removesuffix(_CHANGELOG)
        for name in existing
        if name.startswith(f"{prefix}-") and name.endswith(_CHANGELOG)
    )
