"""Settings of topics that lose data are refused, and those that are less exact are warned of."""

from typing import Any

import pytest

from tasker_consumers.engine.preflight import CHANGELOG_CONFIG, DEAD_LETTER_CONFIG
from tasker_consumers.kafka.topic_rules import Severity, TopicRole, TopicSettings, check_topic
from tasker_schemas.topics import all_topics

REFUSED, WARNING = Severity.REFUSED, Severity.WARNING


def findings(role: TopicRole, config: dict[str, str], **more: Any) -> dict[str, Severity]:
    topic = TopicSettings(name="t", role=role, config=config, **more)
    return {finding.setting: finding.severity for finding in check_topic(topic)}


@pytest.mark.parametrize(
    ("role", "setting", "value", "severity"),
    [
        (TopicRole.CHANGELOG, "cleanup.policy", "delete", REFUSED),
        (TopicRole.CHANGELOG, "cleanup.policy", "compact,delete", REFUSED),
        (TopicRole.CHANGELOG, "max.message.bytes", "1048588", REFUSED),
        (TopicRole.CHANGELOG, "delete.retention.ms", "1000", REFUSED),
        (TopicRole.CHANGELOG, "delete.retention.ms", "86400000", WARNING),
        (TopicRole.OUTPUT, "cleanup.policy", "delete", REFUSED),
        (TopicRole.OUTPUT, "max.message.bytes", "1000", WARNING),
        (TopicRole.SOURCE, "cleanup.policy", "compact", REFUSED),
        (TopicRole.SOURCE, "message.timestamp.type", "CreateTime", WARNING),
        (TopicRole.SOURCE, "retention.ms", "3600000", WARNING),
        (TopicRole.DEAD_LETTERS, "cleanup.policy", "compact", REFUSED),
        (TopicRole.DEAD_LETTERS, "max.message.bytes", "1048588", WARNING),
        (TopicRole.DEAD_LETTERS, "retention.ms", "1000", WARNING),
    ],
)
def test_a_setting_that_is_wrong_is_found(role: TopicRole, setting: str, value: str, severity: Severity) -> None:
    assert findings(role, {setting: value}) == {setting: severity}


@pytest.mark.parametrize(
    ("role", "config"),
    [
        (TopicRole.CHANGELOG, CHANGELOG_CONFIG),
        (TopicRole.DEAD_LETTERS, DEAD_LETTER_CONFIG),
        (TopicRole.OUTPUT, {"cleanup.policy": "compact, delete"}),
        (TopicRole.SOURCE, {"cleanup.policy": "delete", "retention.ms": "-1"}),
    ],
)
def test_settings_that_are_right_pass(role: TopicRole, config: dict[str, str]) -> None:
    assert findings(role, config, replicas=3, brokers=3) == {}


def test_the_topics_that_we_create_pass() -> None:
    roles = {"events": TopicRole.SOURCE, "stats": TopicRole.OUTPUT, "dlq": TopicRole.DEAD_LETTERS}
    topics = {topic.name: topic for topic in all_topics("p")}
    assert {name: findings(roles[name.split(".")[1]], topic.config) for name, topic in topics.items()} == {
        name: {} for name in topics
    }


def test_a_single_replica_is_warned_of_where_there_are_more_brokers() -> None:
    assert findings(TopicRole.SOURCE, {}, replicas=1, brokers=3) == {"the number of replicas": WARNING}
    assert findings(TopicRole.SOURCE, {}, replicas=1, brokers=1) == {}


def test_more_acknowledgements_than_replicas_are_refused() -> None:
    assert findings(TopicRole.OUTPUT, {"min.insync.replicas": "2"}, replicas=1, brokers=1) == {
        "min.insync.replicas": REFUSED
    }


def test_a_finding_is_one_line_with_the_command_that_mends_it() -> None:
    topic = TopicSettings(name="t-changelog", role=TopicRole.CHANGELOG, config={"cleanup.policy": "delete"})
    (finding,) = check_topic(topic)
    assert str(finding) == (
        "topic t-changelog: cleanup.policy is delete, expected compact (states expire with their segments); "
        "mend it with: kafka-configs.sh --bootstrap-server $KAFKA_BOOTSTRAP_SERVERS --alter --entity-type topics "
        "--entity-name t-changelog --add-config cleanup.policy=compact"
    )
