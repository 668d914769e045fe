"""`tasker trace` on a real broker: one task from the topics alone, whatever else is in them."""

import json
import re

import pytest
from confluent_kafka import Producer

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.partitioner import partition_of
from tasker_consumers.kafka.topics import create_topics
from tasker_producer import EventPublisher, ProducerSettings
from tests.support.demo_runs import run_tasker

PARTITIONS = 4


@pytest.fixture
def variables(kafka: KafkaSource, topic_prefix: str) -> dict[str, str]:
    """The environment of a command, with a task that has come half its way."""
    connection = {"bootstrap.servers": kafka.bootstrap_servers}
    create_topics(connection, topic_prefix, partitions=PARTITIONS)
    with (
        EventPublisher(ProducerSettings(kafka=connection, topic_prefix=topic_prefix)) as publisher,
        publisher.task("order_processing", task_id="42", total_steps=2, complete=False) as task,
        task.step("fetch_cart", step_id="s1"),
    ):
        pass
    return {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": topic_prefix}


def test_an_open_task_is_shown_with_what_has_happened_so_far(variables: dict[str, str]) -> None:
    ended = run_tasker("trace", "42", "--json", **variables)
    document = json.loads(ended.stdout)
    assert ended.returncode == 0, ended.stderr
    assert [(task["status"], task["completed_steps"]) for task in document["tasks"]] == [("in_progress", 1)]
    assert "fetch_cart" in {span["attributes"].get("step_name") for span in document["spans"]}


def test_the_tree_is_drawn_for_eyes(variables: dict[str, str]) -> None:
    ended = run_tasker("trace", "42", **variables)
    assert "order_processing 42" in ended.stdout
    assert re.search(r"\+0\.\d{3} .*└─ ✔ fetch_cart", ended.stdout)


def test_a_record_that_cannot_be_read_is_told_and_the_rest_is_shown(variables: dict[str, str]) -> None:
    producer = Producer({"bootstrap.servers": variables["KAFKA_BOOTSTRAP_SERVERS"]})
    topic = f"{variables['TASKER_TOPIC_PREFIX']}.events.step"
    producer.produce(topic, b"junk", b"42", partition=partition_of(b"42", PARTITIONS))
    producer.flush(10)
    ended = run_tasker("trace", "42", **variables)
    assert ended.returncode == 1
    assert f"tasker: {topic}/{partition_of(b'42', PARTITIONS)}/" in ended.stderr
    assert "cannot be read: bad_magic" in ended.stderr
    assert "fetch_cart" in ended.stdout


def test_a_task_that_is_not_there_is_told_with_exit_code_one(variables: dict[str, str]) -> None:
    ended = run_tasker("trace", "43", **variables)
    assert ended.returncode == 1
    assert "no event of task or trace '43' in any partition of" in ended.stderr


def test_replay_into_a_topic_of_live_consumers_is_refused(variables: dict[str, str]) -> None:
    target = f"{variables['TASKER_TOPIC_PREFIX']}.events.custom"
    arguments = ("replay", "--task", "42", "--family", "task", "--to", target)
    refused = run_tasker(*arguments, "--yes", **variables)
    assert refused.returncode == 2
    assert "read by live consumers; add --allow-live" in refused.stderr


def test_replay_with_yes_publishes_what_the_dry_run_counted(variables: dict[str, str]) -> None:
    source = f"{variables['TASKER_TOPIC_PREFIX']}.events.step"
    arguments = ("replay", "--task", "42", "--family", "step", "--to", source, "--allow-live")
    dry = run_tasker(*arguments, **variables)
    assert "dry run: 2 records, " in dry.stderr
    assert f"would go to {source}; add --yes" in dry.stderr
    assert run_tasker(*arguments, "--yes", **variables).stdout == dry.stdout == f"{source}\t2\n"
    shown = run_tasker("replay", "--family", "step", **variables).stdout.splitlines()
    replayed = [line for line in map(json.loads, shown) if "tasker-replay" in line["headers"]]
    assert (len(shown), len(replayed)) == (4, 2)
