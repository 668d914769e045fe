"""Names of topics follow from family, group and prefix."""

from __future__ import annotations

from tasker_schemas.names import Family
from tasker_schemas.topics import dead_letter_topic, event_topic, stats_topic


def test_names_of_topics_begin_with_the_chosen_prefix() -> None:
    assert event_topic(Family.TASK, "shop") == "shop.events.task"
    assert stats_topic("shop") == "shop.stats.task"
    assert dead_letter_topic("telemetry", "shop") == "shop.dlq.telemetry"


def test_every_family_has_a_topic_of_its_own() -> None:
    assert len({event_topic(family) for family in Family}) == len(Family)
