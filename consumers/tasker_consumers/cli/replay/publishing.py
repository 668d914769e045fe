"""Replayed records on their way to a topic: checked, counted, published, resumed."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasker_consumers.cli.output import complain, echo
from tasker_consumers.cli.replay.targets import TargetOptions
from tasker_schemas.errors import BackendUnavailable

if TYPE_CHECKING:
    from tasker_consumers.replay.pacing import Pace
    from tasker_consumers.replay.record import StoredRecord
    from tasker_consumers.replay.selection.selection import Selection
    from tasker_consumers.settings import ConsumerSettings


@dataclass(slots=True)
class Tally:
    """Counts, bytes and times of records."""

    size: int = 0
    oldest: int | None = None
    newest: int | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, record: "StoredRecord") -> None:
        """Count a record."""
        self.size += record.size
        self.counts[record.topic] += 1
        if record.timestamp is not None:
            self.oldest = record.timestamp if self.oldest is None else min(self.oldest, record.timestamp)
            self.newest = record.timestamp if self.newest is None else max(self.newest, record.timestamp)

    def summary(self) -> str:
        """Return the figures as a phrase."""
        from tasker_consumers.times import time_text

        span = " to ".join(
            time_text(None if arrival is None else arrival * 1000) for arrival in (self.oldest, self.newest)
        )
        return f"{self.counts.total()} records, {self.size:,} bytes, sent {span}"


def publish(
    settings: "ConsumerSettings",
    selection: "Selection",
    records: "Iterable[StoredRecord]",
    target: TargetOptions,
    pace: "Pace",
) -> int:
    """Check the target, count the records, and publish them if that is wanted; return how many are selected."""
    from tasker_consumers.replay.sinks.topic import TargetTopic, check_target, is_same_cluster

    kafka = {**settings.kafka, "bootstrap.servers": target.to_brokers or settings.kafka["bootstrap.servers"]}
    if target.to is not None:
        if target.to_brokers is None or is_same_cluster(kafka, settings.kafka):
            check_target(target.to, selection, settings.topic_prefix, allow_live=target.allow_live)
        topics = [TargetTopic(kafka, target.to)]
    else:
        topics = [TargetTopic(kafka, name) for name in selection.topics(settings.topic_prefix)]
    tally = Tally()
    for record in records:
        tally.add(record)
    total = tally.counts.total()
    if not total:
        return 0
    for topic in () if target.present_times else topics:
        topic.check_times(tally.oldest, time.time_ns() // 1_000_000)
    destination = target.to or "their own topics"
    if target.yes:
        _publish(kafka, records, target, pace, [topic.name for topic in topics])
        complain(f"published {tally.summary()}, to {destination}")
    else:
        complain(f"dry run: {tally.summary()}, would go to {destination}; add --yes to publish them")
    for name, count in sorted(tally.counts.items()):
        echo(f"{name}\t{count}")
    return total


def _publish(
    kafka: dict[str, str], records: "Iterable[StoredRecord]", target: TargetOptions, pace: "Pace", topics: list[str]
) -> None:
    """Publish the records that an interrupted replay has not published; its id is told before and after trouble."""
    from tasker_consumers.replay.sinks.headers import EVENT_HEADERS, HeaderRule, published_origins, without_published
    from tasker_consumers.replay.sinks.topic import records_of_topics, republish

    replay_id = target.replay_id()
    if target.resume is not None:
        published = published_origins(records_of_topics(kafka, topics), replay_id)
        complain(f"{published.total()} records of {replay_id} are there already")
        records = without_published(records, published)
    allowed = None if target.to_brokers is None else EVENT_HEADERS | set(target.keep_header or ())
    headers = HeaderRule(frozenset(target.drop_header or ()), allowed)
    complain(f"publishing as {replay_id}")
    try:
        republish(
            kafka, pace.paced(records), target.to, replay_id, keep_times=not target.present_times, headers=headers
        )
    except (KeyboardInterrupt, BackendUnavailable):
        complain(f"interrupted; the same command with --resume {replay_id} goes on")
        raise
