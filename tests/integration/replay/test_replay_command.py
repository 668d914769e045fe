"""`tasker replay` on a real broker: printed, into a file and back, to a topic; and what it refuses."""

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.replay.reading.partition_times import whole_range
from tasker_consumers.replay.reading.read import open_source, read
from tasker_producer import EventPublisher, ProducerSettings
from tests.support.command_line import run_main
from tests.support.demo_runs import run_tasker
from tests.support.kafka.topics import make_topic


@pytest.fixture
def variables(kafka: KafkaSource, topic_prefix: str) -> dict[str, str]:
    """The environment of a command, with one task of one step."""
    connection = {"bootstrap.servers": kafka.bootstrap_servers}
    create_topics(connection, topic_prefix, partitions=2)
    with (
        EventPublisher(ProducerSettings(kafka=connection, topic_prefix=topic_prefix)) as publisher,
        publisher.task("order", task_id="42") as task,
        task.step("fetch_cart"),
    ):
        pass
    return {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": topic_prefix}


def names_in(output: str) -> list[str]:
    return [json.loads(line)["event"]["event_name"] for line in output.splitlines()]


STORY = ["task.initialize_requested", "task.start_requested", "step.handle", "step.completed", "task.completed"]


def test_a_tasks_events_are_printed_in_the_order_in_which_they_happened(variables: dict[str, str]) -> None:
    assert names_in(run_tasker("replay", "--task", "42", **variables).stdout) == STORY


def test_what_goes_into_a_file_comes_out_of_it_and_can_be_traced(variables: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "run.avro"
    assert run_tasker("replay", "--task", "42", "--to-file", str(file), **variables).returncode == 0
    assert names_in(run_tasker("replay", "--from-file", str(file)).stdout) == STORY
    assert names_in(run_tasker("replay", "--from-file", str(file), "--event", "step.*").stdout) == STORY[2:4]
    live, stored = (
        run_tasker("trace", "42", "--json", *more, **variables) for more in ((), ("--from-file", str(file)))
    )
    assert json.loads(stored.stdout) == json.loads(live.stdout)


def test_a_replay_in_place_changes_neither_spans_nor_statistics(variables: dict[str, str]) -> None:
    before = run_tasker("trace", "42", "--json", **variables).stdout
    arguments = ("replay", "--task", "42", "--in-place", "--allow-live", "--yes")
    for _ in range(2):
        assert run_tasker(*arguments, **variables).returncode == 0
    assert json.loads(run_tasker("trace", "42", "--json", **variables).stdout) == json.loads(before)


def test_an_interrupted_replay_goes_on_without_what_it_published(
    variables: dict[str, str], admin: AdminClient, topic_prefix: str
) -> None:
    target = f"{topic_prefix}.copies"
    make_topic(admin, target, 2)
    arguments = ("replay", "42", "--to", target, "--yes")
    begun = run_tasker(*arguments, "--limit", "3", **variables)
    replay_id = begun.stderr.partition("publishing as ")[2].split()[0]
    resumed = run_tasker(*arguments, "--resume", replay_id, **variables)
    assert f"3 records of {replay_id} are there already" in resumed.stderr
    with open_source({"bootstrap.servers": variables["KAFKA_BOOTSTRAP_SERVERS"]}) as consumer:
        ranges = [whole_range(consumer, target, partition) for partition in (0, 1)]
    assert sum(span.end - span.start for span in ranges) == len(STORY)


def test_a_live_topic_is_refused_by_its_clusters_brokers_too(variables: dict[str, str], topic_prefix: str) -> None:
    live, brokers = f"{topic_prefix}.events.step", variables["KAFKA_BOOTSTRAP_SERVERS"]
    arguments = ("replay", "--task", "42", "--family", "step", "--to", live, "--to-brokers", brokers, "--yes")
    refused = run_main(*arguments, **variables)
    assert (refused.code, refused.out) == (2, "")
    assert f"{live} is read by live consumers; add --allow-live" in refused.err


def test_to_another_cluster_only_headers_of_events_go_and_those_that_are_named(
    variables: dict[str, str], admin: AdminClient, topic_prefix: str
) -> None:
    target, source = f"{topic_prefix}.copies", f"{topic_prefix}.events.custom"
    make_topic(admin, target)
    producer = Producer({"bootstrap.servers": variables["KAFKA_BOOTSTRAP_SERVERS"]})
    headers = [("ce_type", b"shop.paid"), ("replicated", b"east"), ("team", b"blue")]
    producer.produce(source, b"junk", b"k", headers=headers)
    producer.flush(20)
    arguments = ("replay", "--family", "custom", "--to", target, "--to-brokers", variables["KAFKA_BOOTSTRAP_SERVERS"])
    ended = run_tasker(*arguments, "--keep-header", "team", "--yes", **variables)
    assert ended.returncode == 0, ended.stderr
    with open_source({"bootstrap.servers": variables["KAFKA_BOOTSTRAP_SERVERS"]}) as consumer:
        span = whole_range(consumer, target, 0)
    with open_source({"bootstrap.servers": variables["KAFKA_BOOTSTRAP_SERVERS"]}) as consumer:
        [record] = read(consumer, [span])
    assert [name for name, _ in record.headers] == ["ce_type", "team", "tasker-origin", "tasker-replay"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--to", "no-such-topic"), 2, "there is no topic no-such-topic"),
        (("--yes",), 2, "--yes says how to publish"),
        (("--task", "43"), 1, "no record is selected"),
        (("--from-file", "absent.avro"), 2, "absent.avro cannot be read"),
    ],
)
def test_a_dry_run_refuses_what_the_run_would_refuse(
    variables: dict[str, str], arguments: tuple[str, ...], code: int, words: str
) -> None:
    ended = run_tasker("replay", *arguments, **variables)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert words in ended.stderr


def test_a_topic_that_would_delete_the_records_at_once_is_refused(
    variables: dict[str, str], admin: AdminClient, topic_prefix: str
) -> None:
    target = f"{topic_prefix}.copies"
    config = {"message.timestamp.type": "CreateTime", "retention.ms": "1"}
    make_topic(admin, target, 1, config)
    refused = run_tasker("replay", "--task", "42", "--to", target, **variables)
    assert refused.returncode == 2
    assert "Kafka would delete it; add --now" in refused.stderr
    assert run_tasker("replay", "--task", "42", "--to", target, "--now", **variables).returncode == 0
