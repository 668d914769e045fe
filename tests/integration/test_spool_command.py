"""`tasker spool`: what a service leaves on its disk is seen, sent to its Kafka and to no other, and dropped."""

import json
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from typer.testing import CliRunner

from tasker_consumers.cli.app import app
from tasker_consumers.embedded import KafkaSource
from tasker_producer import EventPublisher, ProducerSettings
from tests.support.kafka.produced import create_event_topics, read_all
from tests.support.processes import eventually

NOBODY = "127.0.0.1:1"


def spool(*arguments: str, root: Path, servers: str = NOBODY, prefix: str = "tasker") -> tuple[int, str, str]:
    """The exit code, standard output and standard error of a command."""
    variables = {"TASKER_SPOOL_DIR": str(root), "TASKER_TOPIC_PREFIX": prefix, "KAFKA_BOOTSTRAP_SERVERS": servers}
    ended = CliRunner().invoke(app, ["spool", *arguments], env=variables)
    return ended.exit_code, ended.stdout, ended.stderr


def leave_events(root: Path, servers: str, prefix: str, number: int) -> None:
    """Leave events on disk, as a process does that ends while its Kafka is away."""
    kafka = {"bootstrap.servers": servers, "allow.auto.create.topics": "false"}
    publisher = EventPublisher(ProducerSettings(kafka=kafka, topic_prefix=prefix, spool_dir=root, service_name="shop"))
    for count in range(number):
        publisher.publish_event("order.paid", {"n": count}, key="k")
    assert publisher.close(1.0) == number
    assert eventually(lambda: publisher.stats()["spooled"] == number)
    assert eventually(lambda: '"waiting"' in spool("list", "--json", root=root)[1]), "the file is let go"


def test_what_waits_is_listed_and_sent_in_its_order(
    kafka: KafkaSource, admin: AdminClient, topic_prefix: str, tmp_path: Path
) -> None:
    servers = kafka.bootstrap_servers
    leave_events(tmp_path, servers, topic_prefix, 106)
    code, output, _ = spool("list", "--json", root=tmp_path)
    (row,) = map(json.loads, output.splitlines())
    assert (code, row["service"], row["state"], row["events"]) == (0, "shop", "waiting", 106)
    assert row["oldest"] is not None
    create_event_topics(admin, topic_prefix)
    code, _, errors = spool("send", root=tmp_path, servers=servers, prefix=topic_prefix)
    assert (code, errors.count("106 events sent, 0 wait, 0 dropped")) == (0, 1)
    records = read_all(servers, f"{topic_prefix}.events.custom", 106)
    assert [dict(record.headers() or [])["ce_type"] for record in records] == [b"order.paid"] * 106
    assert [record.offset() for record in records] == list(range(106))
    code, _, errors = spool("list", root=tmp_path)
    assert (code, "nothing waits in" in errors) == (1, True)


@pytest.mark.parametrize("command", ["send", "drop"])
def test_events_for_another_kafka_stay_and_a_dry_run_deletes_nothing(command: str, tmp_path: Path) -> None:
    leave_events(tmp_path, NOBODY, "elsewhere", 3)
    code, _, errors = spool(command, root=tmp_path)
    expected = "left for other brokers" if command == "send" else "dry run: add --yes to drop 3 events"
    assert (code, expected in errors) == (1 if command == "send" else 0, True)
    assert spool("list", root=tmp_path)[1].count("waiting") == 1


def test_what_cannot_be_sent_stays_and_is_counted(tmp_path: Path) -> None:
    leave_events(tmp_path, NOBODY, "tasker", 3)
    code, _, errors = spool("send", "--timeout", "1", root=tmp_path)
    assert (code, "0 events sent, 3 wait, 0 dropped" in errors) == (1, True)


def test_what_is_dropped_is_gone(tmp_path: Path) -> None:
    leave_events(tmp_path, NOBODY, "tasker", 3)
    assert spool("drop", "another", "--yes", root=tmp_path)[0] == 1
    code, _, errors = spool("drop", "shop", "--yes", root=tmp_path)
    assert (code, "dropped 3 events in 1 files" in errors) == (0, True)
    assert spool("list", root=tmp_path)[0] == 1
