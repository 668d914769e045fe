"""Commands on terminals of 60, 80 and 200 columns: an id and a number is whole or not there."""

import json
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from confluent_kafka import Producer

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.topics import create_topics
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.avro.codec import encode
from tasker_schemas.topics import dead_letter_topic, stats_topic
from tests.support.command_line import run_main, run_on_terminal

GOOD, BAD = "2de83810-23a0-462e-ac13-bb7396196fe7", "0197c1cb-b463-748c-b871-7ae94b2add9a"
STEP = "timer:f8507af6-0307-326a-afa5-471bedd6f800"
MESSAGE = "the gateway did not answer within 4123 ms, as its 17 replicas at 10.20.30.40:9443 were being replaced"
COMMANDS = {
    "tasks": ("tasks",),
    "trace": ("trace", BAD),
    "stats": ("stats", BAD),
    "diff": ("diff", GOOD, BAD),
    "show": ("show", "step/0:0"),
    "tail": ("tail", "--since", "1h", "--limit", "8"),
    "dlq": ("dlq", "list", "stats"),
    "groups": ("groups",),
    "topics": ("topics", "list"),
    "doctor": ("doctor",),
}
#: Commands that print tables: nothing but a word is wider than the terminal.
TABLES = ("tasks", "stats", "dlq", "topics", "doctor")


@pytest.fixture(scope="module")
def variables(kafka: KafkaSource) -> dict[str, str]:
    """The environment of a command: two runs with long ids, their statistics, and a dead letter."""
    connection, prefix = {"bootstrap.servers": kafka.bootstrap_servers}, f"t{uuid4().hex[:12]}"
    create_topics(connection, prefix, partitions=1)
    with EventPublisher(ProducerSettings(kafka=connection, topic_prefix=prefix)) as publisher:
        with publisher.task("order_processing", task_id=GOOD) as task, task.step("charge_card", step_id=STEP):
            pass
        with (
            pytest.raises(TimeoutError),
            publisher.task("order_processing", task_id=BAD) as task,
            task.step("charge_card", step_id=STEP),
        ):
            raise TimeoutError(MESSAGE)
    variables = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": prefix}
    (stats,) = json.loads(run_main("trace", BAD, "--json", **variables).out)["tasks"]
    reason = {
        "__streams.errors.exception": "tasker_schemas.errors.PoisonRecord",
        "__streams.errors.message": "bad_magic: the value begins with 6a75, and a value of ours with c301 or 00",
        "__streams.errors.topic": f"{prefix}.events.step",
        "__streams.errors.partition": "0",
        "__streams.errors.offset": "1234567",
    }
    producer = Producer(connection)
    producer.produce(stats_topic(prefix), encode("TaskStats", stats), BAD.encode())
    producer.produce(dead_letter_topic("stats", prefix), b"junk", BAD.encode(), headers=list(reason.items()))
    assert producer.flush(60) == 0
    return variables


def numbers_of(text: str) -> set[str]:
    """Return the words with a digit: ids, numbers, times."""
    return {word for word in text.split() if re.search(r"\d", word)}


def cut_ids(text: str) -> Iterator[str]:
    """Yield ids of which the beginning alone is there."""
    text = re.sub(r"(?m)^.*\b[0-9a-f]{6}  ([0-9a-f]{2} )+.*$", "", text)  # bytes, 16 on a line
    for whole in (GOOD, BAD, STEP):
        for found in re.finditer(re.escape(whole[:8]), text):
            if not text.startswith(whole, found.start()):
                yield text[found.start() : found.start() + len(whole)]


@pytest.mark.parametrize("name", COMMANDS)
def test_no_id_and_no_number_is_cut(name: str, variables: dict[str, str]) -> None:
    environ = {} if name == "doctor" else variables  # without a broker it has as much to say
    command = COMMANDS[name]
    wide = run_on_terminal(10_000, *command, **environ)
    assert wide.code == (name == "doctor"), wide.err
    for width in (60, 80, 200):
        shown = run_on_terminal(width, *command, **environ)
        assert shown.code == wide.code
        assert list(cut_ids(shown.out)) == [], width
        assert "…" not in shown.out
        assert numbers_of(shown.out) <= numbers_of(wide.out), width
        if name in TABLES:
            assert [line for line in shown.out.splitlines() if len(line) > width and " " in line.strip()] == []
