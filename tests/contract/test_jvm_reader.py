"""What we write, a Java client reads with libraries of others: fields, keys, headers, partitions."""

import json
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.schema_registry import Schema as RegistrySchema
from confluent_kafka.schema_registry import SchemaRegistryClient

from tasker_consumers.embedded import KafkaSource, WebSource
from tasker_consumers.embedded.registry import CONFLUENT_API
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.avro.codec import confluent_frame, encode
from tasker_schemas.avro.versions import latest
from tests.support.kafka.jvm_reader import BYTES, JvmReader, confluent_framing
from tests.support.kafka.produced import create_event_topics, read_all
from tests.support.kafka.topics import make_topic
from tests.support.schemas.golden_examples import GoldenExample, golden_examples

NEWEST = [example for example in golden_examples() if example.schema is latest(example.schema.record)]
Told = list[dict[str, Any]]


@pytest.fixture(scope="module")
def told_records(kafka: KafkaSource, admin: AdminClient, registry: WebSource, jvm_reader: JvmReader) -> Told:
    """One record of each kind, written by our codec with ids of a real registry, and told by the Java reader."""
    if not registry.url.endswith(CONFLUENT_API):
        pytest.skip(f"{registry.url} is not an Apicurio Registry, whose deserializer reads here")
    topic = f"t{uuid4().hex}"
    make_topic(admin, topic)
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    with SchemaRegistryClient({"url": registry.url}) as client:
        for example in NEWEST:
            record, declared = example.schema.record, json.dumps(example.schema.declared)
            schema_id = client.register_schema(f"{topic}-{record}", RegistrySchema(declared, "AVRO"))
            producer.produce(topic, encode(record, example.expected(), confluent_frame(schema_id)), record)
    assert producer.flush(90) == 0
    return jvm_reader.read(kafka.bootstrap_servers, topic, confluent_framing(registry.url))


@pytest.mark.parametrize("example", NEWEST, ids=lambda example: example.schema.record)
def test_a_java_reader_finds_in_every_field_what_was_written(told_records: Told, example: GoldenExample) -> None:
    (told,) = [each for each in told_records if each["key"] == example.schema.record]
    assert told["schema"] == example.schema.full_name
    assert told["fields"] == example.expected()


@pytest.fixture
def published(kafka: KafkaSource, admin: AdminClient, topic_prefix: str) -> str:
    """A topic of step events of thirty tasks, as our producer writes them."""
    create_event_topics(admin, topic_prefix)
    settings = ProducerSettings(kafka={"bootstrap.servers": kafka.bootstrap_servers}, topic_prefix=topic_prefix)
    with EventPublisher(settings) as publisher:
        for number in range(30):
            publisher.publish_step_event("step.cancelled", task_id=f"tâsk {number}", step_id="s")
    return f"{topic_prefix}.events.step"


def test_a_java_client_looks_for_a_task_where_we_put_it(
    kafka: KafkaSource, jvm_reader: JvmReader, published: str
) -> None:
    told = jvm_reader.read(kafka.bootstrap_servers, published, {"value.deserializer": BYTES})
    assert {each["key"] for each in told} == {f"tâsk {number}" for number in range(30)}
    assert [each["partition"] for each in told] == [each["expected_partition"] for each in told]
    assert {each["partition"] for each in told} == {0, 1, 2}


def test_a_java_client_reads_our_headers_as_text(kafka: KafkaSource, jvm_reader: JvmReader, published: str) -> None:
    told = jvm_reader.read(kafka.bootstrap_servers, published, {"value.deserializer": BYTES})
    ours = read_all(kafka.bootstrap_servers, published, 30)
    sent = {(m.key() or b"").decode(): {name: value.decode() for name, value in m.headers() or []} for m in ours}
    assert {each["key"]: each["headers"] for each in told} == sent
    assert told[0]["headers"]["ce_type"] == "step.cancelled"
