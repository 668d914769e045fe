"""The state of the consumer groups: members, records behind, dead letters. Asked of Kafka, kept for some seconds."""

import time
from typing import Any

from confluent_kafka import KafkaException

from tasker_consumers.kafka import group_states as kafka_groups
from tasker_consumers.kafka.access import QuietAdmin
from tasker_consumers.kafka.group_states import GroupState
from tasker_consumers.kafka.groups import TIMEOUT_S
from tasker_consumers.replay.dead_letters import LetterGroup, LetterSelection, grouped, read_letters
from tasker_consumers.web.sources.sources import Sources
from tasker_schemas.errors import BackendUnavailable

_DAY_MS = 86_400_000


def group_states(sources: Sources) -> list[GroupState]:
    """Return the groups of the prefix. Raises BackendUnavailable when Kafka does not answer."""
    states: list[GroupState] = sources.answers.get("groups", lambda: _ask(sources))
    return states


def _ask(sources: Sources) -> list[GroupState]:
    try:
        return kafka_groups.group_states(QuietAdmin(sources.settings.kafka), sources.settings.topic_prefix)
    except KafkaException as error:
        raise BackendUnavailable(f"Kafka does not tell the state of the groups ({error.args[0].str()})") from error


def dead_letters(sources: Sources) -> list[tuple[str, LetterGroup]]:
    """Return the dead letters of the last week by group, topic and reason. Raises BackendUnavailable without Kafka."""
    letters: list[tuple[str, LetterGroup]] = sources.answers.get("letters", lambda: _letters(sources))
    return letters


def _letters(sources: Sources) -> list[tuple[str, LetterGroup]]:
    settings = sources.settings
    beginning = f"{settings.topic_prefix}.dlq."
    selection = LetterSelection(since=time.time_ns() // 1_000_000 - 7 * _DAY_MS)
    try:
        topics: Any = QuietAdmin(settings.kafka).list_topics(timeout=TIMEOUT_S).topics
    except KafkaException as error:
        raise BackendUnavailable(f"Kafka does not list its topics ({error.args[0].str()})") from error
    return [
        (topic.removeprefix(beginning), group)
        for topic in sorted(topics)
        if topic.startswith(beginning)
        for group in grouped(read_letters(settings.kafka, topic, selection))
    ]
