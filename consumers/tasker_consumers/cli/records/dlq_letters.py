"""The dead letters that the options of `tasker dlq` name, and their original records."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from typing import TYPE_CHECKING

from tasker_consumers.cli.records.moments import read_option_moment
from tasker_consumers.cli.records.selecting import read_offset
from tasker_schemas.errors import UsageError

if TYPE_CHECKING:
    from tasker_consumers.replay.dead_letters import DeadLetter, LetterSelection
    from tasker_consumers.replay.record import StoredRecord
    from tasker_consumers.settings import ConsumerSettings


def group_settings(group: str) -> "tuple[ConsumerSettings, str]":
    """Return the settings, and the topic of a group's dead letters; raises UsageError for an unknown group."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_schemas.topics import all_topics, dead_letter_topic

    settings = read_settings_with_kafka()
    topic = dead_letter_topic(group, settings.topic_prefix)
    prefix = dead_letter_topic("", settings.topic_prefix)
    groups = [
        item.name.removeprefix(prefix) for item in all_topics(settings.topic_prefix) if item.name.startswith(prefix)
    ]
    if group not in groups:
        raise UsageError(f"GROUP is {group!r}; expected one of {', '.join(groups)}")
    return settings, topic


def letter_selection(
    reason: str | None, topic: str | None, since: str | None, offsets: list[str] | None = None
) -> "LetterSelection":
    """Return the selection of letters that the options name; raises UsageError for an option that means nothing."""
    from tasker_consumers.replay.dead_letters import LetterSelection
    from tasker_consumers.replay.sinks.target_names import check_topic_name

    if topic is not None:
        check_topic_name("--topic", topic)
    return LetterSelection(
        reason=reason,
        topic=topic,
        since=None if since is None else read_option_moment("--since", since),
        positions=frozenset(read_offset(text) for text in offsets or ()),
    )


def original_records(
    settings: "ConsumerSettings", letters: "list[DeadLetter]"
) -> "tuple[list[StoredRecord], list[DeadLetter]]":
    """Return the records to put back, and the letters whose record is gone."""
    from tasker_consumers.replay.dead_letters import original_record

    records, lost = [], []
    for letter in letters:
        record = original_record(settings.kafka, letter) if letter.partition >= 0 else None
        if record is None:
            lost.append(letter)
        else:
            records.append(record)
    return records, lost
