"""The topic files: every topic says what it holds, who writes it and who reads it."""

from __future__ import annotations

import pytest

from tasker_schemas.avro.versions import RECORD_OF_FAMILY, all_schemas
from tasker_schemas.names import Family
from tasker_schemas.topics import Topic, all_topics, dead_letter_topic, event_topic, stats_topic, window_topic

TOPICS = {topic.name: topic for topic in all_topics()}
WRITERS = {"tasker_producer", "stats", "telemetry", "store"}
READERS = {"stats", "telemetry", "store", "replay"}
every_topic = pytest.mark.parametrize("topic", TOPICS.values(), ids=list(TOPICS))


@every_topic
def test_a_topic_holds_a_record_that_exists(topic: Topic) -> None:
    dead_letters = topic.name.startswith("tasker.dlq.")
    assert topic.record == "any" if dead_letters else topic.record in {schema.record for schema in all_schemas()}


@every_topic
def test_a_topic_is_written_and_read_by_parts_that_exist(topic: Topic) -> None:
    assert set(topic.producers) <= WRITERS
    assert set(topic.consumers) <= READERS
    assert topic.producers
    assert topic.consumers


@every_topic
def test_the_broker_keeps_what_producers_compressed(topic: Topic) -> None:
    assert topic.config["compression.type"] == "producer"
    assert topic.config["cleanup.policy"] in {"compact", "delete", "compact,delete"}


@pytest.mark.parametrize("family", list(Family))
def test_every_family_has_a_topic_of_its_record_kept_a_week(family: Family) -> None:
    topic = TOPICS[event_topic(family)]
    assert topic.record == RECORD_OF_FAMILY[family]
    assert topic.config["retention.ms"] == str(7 * 24 * 3600 * 1000)


@pytest.mark.parametrize("family", list(Family))
def test_events_have_the_time_of_their_arrival_so_that_late_and_imported_ones_stay(family: Family) -> None:
    assert TOPICS[event_topic(family)].config["message.timestamp.type"] == "LogAppendTime"


def test_statistics_are_compacted_so_the_newest_of_a_task_stays() -> None:
    assert TOPICS[stats_topic()].config["cleanup.policy"] == "compact"
    assert TOPICS[stats_topic()].record == "TaskStats"


def test_windows_are_compacted_too_and_do_not_stay_for_ever() -> None:
    assert TOPICS[window_topic()].config["cleanup.policy"] == "compact,delete"
    assert TOPICS[window_topic()].record == "StatsWindow"


@pytest.mark.parametrize("group", ["stats", "telemetry"])
def test_every_group_has_a_topic_for_its_dead_letters(group: str) -> None:
    assert TOPICS[dead_letter_topic(group)].producers == (group,)


def test_another_prefix_gives_other_topics_with_the_same_rest() -> None:
    assert {t.name for t in all_topics("shop")} == {f"shop.{name.removeprefix('tasker.')}" for name in TOPICS}
