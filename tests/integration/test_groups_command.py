"""`tasker groups` on a real broker: members and lag of each group, whether or not it ran."""

import json

from confluent_kafka import Consumer, Producer, TopicPartition

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.topics import create_topics
from tests.support.demo_runs import run_tasker


def test_groups_are_listed_with_what_they_have_not_read(kafka: KafkaSource, topic_prefix: str) -> None:
    connection, topic = {"bootstrap.servers": kafka.bootstrap_servers}, f"{topic_prefix}.events.task"
    create_topics(connection, topic_prefix, partitions=1)
    producer = Producer(connection)
    for _ in range(5):
        producer.produce(topic, b"event", b"42")
    assert producer.flush(60) == 0
    consumer = Consumer({**connection, "group.id": f"{topic_prefix}-stats"})
    consumer.commit(offsets=[TopicPartition(topic, 0, 2)], asynchronous=False)
    consumer.close()

    variables = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": topic_prefix}
    ended = run_tasker("groups", "--behind", "--json", **variables)
    (state,) = [json.loads(line) for line in ended.stdout.splitlines()]
    assert (ended.returncode, state["result"], state["members"], state["behind"]) == (0, "stopped", 0, 3)
    assert state["topics"] == [{"topic": topic, "behind": 3}]
    rows = [line.split("\t")[:3] for line in run_tasker("groups", **variables).stdout.splitlines()[1:]]
    assert [f"{topic_prefix}-telemetry", "stopped", "never ran"] in rows
