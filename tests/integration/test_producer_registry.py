"""A real schema registry beside the producer: ids when it answers, fingerprints when it does not."""

from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource, WebSource
from tasker_producer import EventPublisher, ProducerSettings
from tasker_producer.record.schema_ids import RegistryFrames
from tasker_schemas.avro.codec import CONFLUENT, SINGLE_OBJECT, Decoder
from tasker_schemas.avro.versions import Schema, latest
from tasker_schemas.errors import BackendUnavailable
from tasker_schemas.registry.client import IncompatibleSchema, SchemaRegistry, subject_of
from tasker_schemas.registry.settings import RegistrySettings
from tests.support.kafka.produced import create_event_topics, read_all
from tests.support.processes import LIMIT_S


def settings_of(kafka: KafkaSource, prefix: str, directory: Path, registry: RegistrySettings) -> ProducerSettings:
    servers = {"bootstrap.servers": kafka.bootstrap_servers}
    return ProducerSettings(kafka=servers, topic_prefix=prefix, spool_dir=directory, registry=registry)


def changed(record: str, **changes: Any) -> Schema:
    """The newest version of a record with changes."""
    schema = latest(record)
    return Schema(record, 99, {**schema.declared, **changes}, schema.plain, schema.fingerprint)


def test_events_carry_the_registrys_id_and_are_read_by_it(
    kafka: KafkaSource, admin: AdminClient, registry: WebSource, topic_prefix: str, tmp_path: Path
) -> None:
    create_event_topics(admin, topic_prefix)
    asked = RegistrySettings(url=registry.url)
    with EventPublisher(settings_of(kafka, topic_prefix, tmp_path, asked)) as publisher:
        assert publisher._frames is not None
        assert publisher._frames.wait(LIMIT_S)
        publisher.publish_event("order.paid", {"amount": 3})
    (message,) = read_all(kafka.bootstrap_servers, f"{topic_prefix}.events.custom", 1)
    value = message.value() or b""
    assert value[:1] == CONFLUENT
    decoded = Decoder(SchemaRegistry(asked).schema).decode("CustomEvent", value)
    assert decoded["attributes"] == {"amount": 3}


def test_a_registry_that_is_down_never_stops_an_event(
    kafka: KafkaSource, admin: AdminClient, topic_prefix: str, tmp_path: Path
) -> None:
    create_event_topics(admin, topic_prefix)
    nobody = RegistrySettings(url="http://127.0.0.1:9")
    with EventPublisher(settings_of(kafka, topic_prefix, tmp_path, nobody)) as publisher:
        publisher.publish_event("order.paid", {"amount": 3})
    (message,) = read_all(kafka.bootstrap_servers, f"{topic_prefix}.events.custom", 1)
    assert (message.value() or b"")[:2] == SINGLE_OBJECT


def test_without_registration_only_known_schemas_get_an_id(registry: WebSource, topic_prefix: str) -> None:
    settings = RegistrySettings(url=registry.url, auto_register=False)
    looking = RegistryFrames(settings, topic_prefix, retry_s=0.2)
    assert not looking.wait(1)
    registering = RegistryFrames(RegistrySettings(url=registry.url), topic_prefix)
    assert registering.wait(LIMIT_S)
    assert looking.wait(LIMIT_S)
    assert looking.known_frames() == registering.known_frames()


def test_a_schema_that_breaks_its_readers_is_refused(registry: WebSource, topic_prefix: str) -> None:
    asked = SchemaRegistry(RegistrySettings(url=registry.url))
    subject = subject_of(topic_prefix)
    asked.register(subject, latest("CustomEvent"))
    added = {"name": "must_be_there", "type": "string"}
    broken = changed("CustomEvent", fields=[*latest("CustomEvent").declared["fields"], added])
    assert not asked.is_compatible(subject, broken.declared)
    with pytest.raises(IncompatibleSchema):
        asked.register(subject, broken)
    mended = changed("CustomEvent", fields=[*broken.declared["fields"][:-1], {**added, "default": ""}])
    assert asked.is_compatible(subject, mended.declared)


def test_an_unknown_id_and_an_unknown_subject_are_told_apart_from_a_registry_that_is_away(registry: WebSource) -> None:
    asked = SchemaRegistry(RegistrySettings(url=registry.url))
    with pytest.raises(LookupError):
        asked.schema(2_000_000_000)
    with pytest.raises(LookupError):
        asked.look_up("nobody-knows-this", latest("CustomEvent"))
    with pytest.raises(BackendUnavailable, match="SCHEMA_REGISTRY_URL"):
        SchemaRegistry(RegistrySettings(url="http://127.0.0.1:9")).schema(1)


def test_waiting_for_a_registry_ends_with_the_publisher() -> None:
    frames = RegistryFrames(RegistrySettings(url="http://127.0.0.1:9"), "tasker")
    frames.stop()
    frames._thread.join(LIMIT_S)
    assert not frames._thread.is_alive()
