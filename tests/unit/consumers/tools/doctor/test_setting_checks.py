"""Each topic is judged by its role."""

from tasker_consumers.kafka.topic_rules import TopicRole
from tasker_consumers.tools.doctor.setting_checks import topic_roles
from tasker_schemas.topics import all_topics


def test_every_topic_has_its_role() -> None:
    roles = topic_roles("shop", {"shop-stats": "tasker run stats"})
    assert set(roles) == {topic.name for topic in all_topics("shop")} | {"shop-stats-states-changelog"}
    assert roles["shop.events.step"] is TopicRole.SOURCE
    assert roles["shop.stats.task"] is TopicRole.OUTPUT
    assert roles["shop.dlq.telemetry"] is TopicRole.DEAD_LETTERS
    assert roles["shop-stats-states-changelog"] is TopicRole.CHANGELOG
