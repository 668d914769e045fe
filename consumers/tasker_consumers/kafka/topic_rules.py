"""Which settings of a topic lose data, or make figures less exact: one rule for workers and `tasker doctor`.

`check_topic` is pure; `read_topic_settings` asks the broker.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource

TIMEOUT_S = 10.0
_MIB = 1 << 20
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


class TopicRole(StrEnum):
    """The part that a topic has in the system."""

    SOURCE = "source"  # events, from services
    OUTPUT = "output"  # the newest record of a key holds
    CHANGELOG = "changelog"  # the states of a group
    DEAD_LETTERS = "dead letters"  # records that a group could not process


class Severity(StrEnum):
    """What follows from a setting."""

    REFUSED = "refused"  # data is lost, or the worker cannot write: it does not start
    WARNING = "warning"  # something is less safe or less exact


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicFinding:
    """A setting of a topic that is not as it should be."""

    severity: Severity
    topic: str
    setting: str
    value: str
    expected: str
    reason: str
    #: The value to set; None where no setting of the topic mends it.
    remedy: str | None

    def __str__(self) -> str:
        text = f"topic {self.topic}: {self.setting} is {self.value}, expected {self.expected} ({self.reason})"
        return f"{text}; mend it with: {self.command}" if self.command else text

    @property
    def command(self) -> str | None:
        """The command of Kafka's own tools that mends the setting; None where there is none."""
        if self.remedy is None:
            return None
        value = f"[{self.remedy}]" if "," in self.remedy else self.remedy
        return (
            "kafka-configs.sh --bootstrap-server $KAFKA_BOOTSTRAP_SERVERS --alter --entity-type topics "
            f"--entity-name {self.topic} --add-config {self.setting}={value}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSettings:
    """A topic as the broker has it."""

    name: str
    role: TopicRole
    config: Mapping[str, str]
    #: Replicas of each partition, and brokers of the cluster; 0 where they are not known.
    replicas: int = 0
    brokers: int = 0


@dataclass(frozen=True, slots=True)
class _Rule:
    """A condition on one setting; a topic that does not tell the setting is not judged."""

    setting: str
    is_right: Callable[[str], bool]
    severity: Severity
    expected: str
    reason: str
    remedy: str


def _at_least(minimum: int, *, unlimited: bool = False) -> Callable[[str], bool]:
    return lambda value: int(value) >= minimum or (unlimited and int(value) == -1)


def _policies(value: str) -> set[str]:
    return {policy.strip() for policy in value.split(",")}


_REFUSED, _WARNING = Severity.REFUSED, Severity.WARNING
_RULES: Mapping[TopicRole, Sequence[_Rule]] = {
    TopicRole.SOURCE: (
        _Rule(
            "cleanup.policy", lambda value: _policies(value) == {"delete"}, _REFUSED,
            "delete", "compaction keeps a single event of each task", "delete",
        ),
        _Rule(
            "message.timestamp.type", lambda value: value == "LogAppendTime", _WARNING,
            "LogAppendTime", "clocks of services decide what is refused and what expires", "LogAppendTime",
        ),
        _Rule(
            "retention.ms", _at_least(_DAY_MS, unlimited=True), _WARNING,
            "a day or more", "events expire before a worker that was stopped reads them", str(7 * _DAY_MS),
        ),
    ),
    TopicRole.OUTPUT: (
        _Rule(
            "cleanup.policy", lambda value: "compact" in _policies(value), _REFUSED,
            "compact", "the newest record of a key expires", "compact",
        ),
        _Rule(
            "max.message.bytes", _at_least(_MIB), _WARNING,
            f"{_MIB} or more", "larger records are left out", str(_MIB),
        ),
    ),
    TopicRole.CHANGELOG: (
        _Rule(
            "cleanup.policy", lambda value: _policies(value) == {"compact"}, _REFUSED,
            "compact", "states expire with their segments", "compact",
        ),
        _Rule(
            "max.message.bytes", _at_least(16 * _MIB), _REFUSED,
            f"{16 * _MIB} or more", "large states cannot be stored", str(16 * _MIB),
        ),
        _Rule(
            "delete.retention.ms", _at_least(12 * _HOUR_MS), _REFUSED,
            "some days", "a disk that was away brings deleted states back", str(7 * _DAY_MS),
        ),
        _Rule(
            "delete.retention.ms", _at_least(2 * _DAY_MS), _WARNING,
            "some days", "a disk that was away for longer is restored from the beginning", str(7 * _DAY_MS),
        ),
    ),
    TopicRole.DEAD_LETTERS: (
        _Rule(
            "cleanup.policy", lambda value: _policies(value) == {"delete"}, _REFUSED,
            "delete", "a compacted topic takes no record without a key", "delete",
        ),
        _Rule(
            "max.message.bytes", _at_least(2 * _MIB), _WARNING,
            f"{2 * _MIB} or more", "larger records leave a pointer only", str(2 * _MIB),
        ),
        _Rule(
            "retention.ms", _at_least(_DAY_MS, unlimited=True), _WARNING,
            "a day or more", "dead letters expire before somebody reads them", str(30 * _DAY_MS),
        ),
    ),
}  # fmt: skip


def check_topic(topic: TopicSettings) -> list[TopicFinding]:
    """Return the settings of a topic that are not as they should be; of each setting the most severe finding.

    >>> [finding] = check_topic(TopicSettings(name="t.dlq.stats", role=TopicRole.DEAD_LETTERS,
    ...                                       config={"cleanup.policy": "compact"}))
    >>> finding.severity, finding.command.rpartition(" ")[2]
    (<Severity.REFUSED: 'refused'>, 'cleanup.policy=delete')
    """
    findings: dict[str, TopicFinding] = {}
    for rule in _RULES[topic.role]:
        value = topic.config.get(rule.setting)
        if value is not None and rule.setting not in findings and not rule.is_right(value):
            findings[rule.setting] = TopicFinding(
                severity=rule.severity,
                topic=topic.name,
                setting=rule.setting,
                value=value,
                expected=rule.expected,
                reason=rule.reason,
                remedy=rule.remedy,
            )
    return [*findings.values(), *_check_replicas(topic)]


def _check_replicas(topic: TopicSettings) -> Iterator[TopicFinding]:
    if topic.replicas == 1 and topic.brokers > 1:
        yield TopicFinding(
            severity=Severity.WARNING,
            topic=topic.name,
            setting="the number of replicas",
            value="1",
            expected=f"2 to {topic.brokers}",
            reason="the topic goes with its broker; TASKER_REPLICATION_FACTOR sets it for new topics",
            remedy=None,
        )
    needed = int(topic.config.get("min.insync.replicas", "1"))
    if topic.replicas and needed > topic.replicas:
        yield TopicFinding(
            severity=Severity.REFUSED,
            topic=topic.name,
            setting="min.insync.replicas",
            value=str(needed),
            expected=f"at most {topic.replicas}, the topic's replicas",
            reason="no write is acknowledged",
            remedy="1",
        )


def read_topic_settings(admin: AdminClient, roles: Mapping[str, TopicRole]) -> list[TopicSettings] | None:
    """Return the settings of those topics that exist, by one request each; None without the right DescribeConfigs.

    Raises KafkaException when no broker answers.
    """
    cluster = admin.list_topics(timeout=TIMEOUT_S)
    topics = {name: cluster.topics[name] for name in roles if name in cluster.topics}
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in topics]
    settings: list[TopicSettings] = []
    if not resources:
        return settings
    for resource, answer in admin.describe_configs(resources, request_timeout=TIMEOUT_S).items():
        try:
            config = {name: entry.value for name, entry in answer.result().items() if entry.value is not None}
        except KafkaException:
            return None
        partitions = topics[resource.name].partitions.values()
        settings.append(
            TopicSettings(
                name=resource.name,
                role=roles[resource.name],
                config=config,
                replicas=min((len(partition.replicas) for partition in partitions), default=0),
                brokers=len(cluster.brokers),
            )
        )
    return settings
