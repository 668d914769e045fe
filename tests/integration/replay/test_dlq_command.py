"""`tasker dlq` on a real broker: list, put back byte for byte, drop."""

import json

import pytest
from confluent_kafka import Producer

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.replay.reading.select_records import select_records
from tasker_consumers.replay.selection.selection import Selection
from tests.support.demo_runs import run_tasker

HEADERS = [("ce_type", b"step.failed"), ("twice", b"1"), ("twice", b"\xff")]


@pytest.fixture
def variables(kafka: KafkaSource, topic_prefix: str) -> dict[str, str]:
    """The environment of a command, with three dead letters of the stats group."""
    connection = {"bootstrap.servers": kafka.bootstrap_servers}
    create_topics(connection, topic_prefix, partitions=2)
    producer = Producer(connection)
    for offset in range(3):
        added = {
            "__streams.errors.exception": "tasker_schemas.errors.PoisonRecord",
            "__streams.errors.message": "bad_magic: the value begins with 6a75" if offset else "truncated: no end",
            "__streams.errors.topic": f"{topic_prefix}.events.step",
            "__streams.errors.partition": "1",
            "__streams.errors.offset": str(offset),
            "tasker-dlq-attempts": "2",
        }
        headers = [*HEADERS, *((name, text.encode()) for name, text in added.items())]
        producer.produce(f"{topic_prefix}.dlq.stats", b"junk %d" % offset, b"42", 0, headers=headers)
    assert producer.flush(20) == 0
    return {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": topic_prefix}


def test_letters_are_listed_by_reason_and_each_can_be_shown(variables: dict[str, str]) -> None:
    ended = run_tasker("dlq", "list", "stats", "--json", **variables)
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [(row["reason"], row["count"], row["attempts"]) for row in rows] == [
        ("bad_magic", 2, 2),
        ("truncated", 1, 2),
    ]
    shown = run_tasker("dlq", "show", "stats", "0:0", **variables)
    assert "truncated: no end" in shown.stdout


def test_records_go_back_byte_for_byte_and_only_with_yes(variables: dict[str, str], topic_prefix: str) -> None:
    source = {"bootstrap.servers": variables["KAFKA_BOOTSTRAP_SERVERS"]}
    command = ("dlq", "requeue", "stats", "--reason", "bad_magic")
    assert "dry run: 2 records" in run_tasker(*command, **variables).stderr
    assert list(select_records(source, Selection(), topic_prefix)) == []
    assert run_tasker(*command, "--yes", **variables).returncode == 0
    records = list(select_records(source, Selection(), topic_prefix))
    assert [(r.topic, r.partition, r.key, r.value) for r in records] == [
        (f"{topic_prefix}.events.step", 1, b"42", b"junk %d" % number) for number in (1, 2)
    ]
    assert {record.headers for record in records} == {(*HEADERS, ("tasker-dlq-attempts", b"2"))}


def test_letters_are_dropped_only_with_yes(variables: dict[str, str]) -> None:
    command = ("dlq", "drop", "stats", "--before", "now")
    assert "dry run: 3 dead letters" in run_tasker(*command, **variables).stderr
    assert "deleted 3 dead letters" in run_tasker(*command, "--yes", **variables).stderr
    assert run_tasker("dlq", "list", "stats", **variables).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "shop"), "GROUP is 'shop'; expected one of stats, store, telemetry"),
        (("list", "stats", "--since", "soon"), "--since: 'soon' is no time"),
        (("requeue", "stats", "--offset", "x"), "--offset is 'x'; expected PARTITION:OFFSET"),
        (("drop", "stats", "--before", "soon"), "--before: 'soon' is no time"),
    ],
)
def test_wrong_values_are_one_line(variables: dict[str, str], arguments: tuple[str, ...], words: str) -> None:
    ended = run_tasker("dlq", *arguments, **variables)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert words in ended.stderr
