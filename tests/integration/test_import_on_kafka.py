"""Real files through the producer and a real Kafka, and read again as the consumers do."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.importers import HistoryFormat, import_files
from tasker_consumers.stats.core.fold import recompute
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.headers import TraceHeaders, read_trace_headers
from tests.support.importers import oracles
from tests.support.importers.real_records import FILES
from tests.support.kafka.produced import create_event_topics, read_all


@pytest.fixture
def settings(kafka: KafkaSource, admin: AdminClient, topic_prefix: str) -> ProducerSettings:
    # By their own times, retention would remove the records of old histories while they are written.
    create_event_topics(admin, topic_prefix, config={"message.timestamp.type": "LogAppendTime"})
    return ProducerSettings(kafka={"bootstrap.servers": kafka.bootstrap_servers}, topic_prefix=topic_prefix)


def publish(settings: ProducerSettings, history_format: HistoryFormat, files: list[Path]) -> Counter[str]:
    """Import files; return the number of their events by family."""
    with EventPublisher(settings, presume=False) as publisher:
        report = import_files(history_format, files, publisher)
    assert report.faults == ()
    counts = Counter[str]()
    for name, count in sum((Counter(file.names) for file in report.imported), Counter[str]()).items():
        counts[name.partition(".")[0]] += count
    return counts


class Read:
    """What consumers find: the statistics of all tasks, and the places in traces of all events."""

    def __init__(self, settings: ProducerSettings, counts: Counter[str]) -> None:
        events, headers, decoder = [], [], Decoder()
        for family, record in (("task", "TaskEvent"), ("step", "StepEvent")):
            topic = f"{settings.topic_prefix}.events.{family}"
            for message in read_all(settings.kafka["bootstrap.servers"], topic, counts[family]):
                events.append(decoder.decode(record, message.value()))
                headers.append(message.headers() or [])
        assert len(events) == counts.total()
        retries = [event for event in events if event["event_name"] == "step.retry_requested"]
        assert [event["backoff_strategy"] for event in retries] == [None] * len(retries)  # no source says it
        self.events = events
        self.stats: dict[str, dict[str, Any]] = recompute(events, headers)
        self.places: set[TraceHeaders] = {read_trace_headers(found) for found in headers}


@pytest.mark.parametrize("history_format", FILES)
def test_importing_twice_changes_no_statistic_and_no_span_id(
    settings: ProducerSettings, history_format: HistoryFormat
) -> None:
    files = oracles.real_files(*FILES[history_format])[:12]
    counts = publish(settings, history_format, files)
    once = Read(settings, counts)
    twice = Read(settings, counts + publish(settings, history_format, files))
    assert twice.stats == once.stats
    assert twice.places == once.places


def test_the_largest_instances_arrive_whole_and_keep_their_numbers(settings: ProducerSettings) -> None:
    files = sorted(oracles.real_files("wfinstances"), key=lambda path: -path.stat().st_size)[:6]
    found = Read(settings, publish(settings, HistoryFormat.WFCOMMONS, files))
    expected = sorted((of.steps, float(of.duration_s or 0)) for of in map(_expected, files))
    numbers = sorted((stats["completed_steps"], stats["duration_s"]) for stats in found.stats.values())
    assert numbers == [(steps, pytest.approx(duration, abs=2e-6)) for steps, duration in expected]


def _expected(path: Path) -> oracles.Expected:
    return oracles.of_wfcommons(oracles.content(path))
