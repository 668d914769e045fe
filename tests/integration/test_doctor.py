"""The doctor on a real broker: what stands is ok, what is missing is named."""

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource, WebSource
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.tools.doctor import Finding, Verdict, examine
from tasker_schemas.avro.versions import latest
from tasker_schemas.errors import BackendUnavailable
from tasker_schemas.registry.client import SchemaRegistry, subjects
from tasker_schemas.registry.settings import RegistrySettings
from tests.support.processes import eventually
from tests.support.telemetry.otlp import OtlpReceiver, otlp

__all__ = ["otlp"]  # a fixture


@pytest.fixture
def connection(kafka: KafkaSource) -> dict[str, str]:
    return {"bootstrap.servers": kafka.bootstrap_servers}


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_healthy_system_passes_every_check(
    connection: dict[str, str], topic_prefix: str, otlp: OtlpReceiver, protocol: str
) -> None:
    create_topics(connection, topic_prefix, partitions=2)
    endpoint = otlp.grpc if protocol == "grpc" else otlp.http
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    findings = by_check(list(examine(connection, topic_prefix, environ, fresh=False)))
    assert {finding.verdict for finding in findings.values()} == {Verdict.OK}
    assert "2 partitions each" in findings["topics"].detail


def test_missing_topics_and_a_dead_backend_fail_with_what_to_do(connection: dict[str, str], topic_prefix: str) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    findings = by_check(list(examine(connection, topic_prefix, environ, fresh=False)))
    assert findings["topics"].verdict is findings["otlp"].verdict is Verdict.FAILED
    assert "`tasker topics create` makes them" in findings["topics"].detail
    assert findings["round trip"].verdict is Verdict.OK


def test_the_round_trip_leaves_no_topic_behind(
    connection: dict[str, str], admin: AdminClient, topic_prefix: str
) -> None:
    findings = by_check(list(examine(connection, topic_prefix, {}, fresh=True)))
    assert findings["topics"].verdict is findings["otlp"].verdict is Verdict.SKIPPED
    assert eventually(lambda: not [name for name in admin.list_topics(timeout=10).topics if topic_prefix in name])


def registry_finding(connection: dict[str, str], prefix: str, **variables: str) -> Finding:
    return by_check(list(examine(connection, prefix, variables, fresh=True)))["registry"]


def test_a_registry_is_asked_for_our_schemas(
    connection: dict[str, str], topic_prefix: str, registry: WebSource
) -> None:
    where = {"SCHEMA_REGISTRY_URL": registry.url}
    found = registry_finding(connection, topic_prefix, **where)
    assert (found.verdict, f"has 0 of {len(subjects())} schemas; producers register" in found.detail) == (
        Verdict.OK,
        True,
    )
    found = registry_finding(connection, topic_prefix, **where, SCHEMA_REGISTRY_AUTO_REGISTER="false")
    assert (found.verdict, f"adds {topic_prefix}.events.task-value" in found.detail) == (Verdict.FAILED, True)
    for record, subject in subjects(topic_prefix).items():
        SchemaRegistry(RegistrySettings(url=registry.url)).register(subject, latest(record))
    found = registry_finding(connection, topic_prefix, **where, SCHEMA_REGISTRY_AUTO_REGISTER="false")
    assert (found.verdict, f"{len(subjects())} of {len(subjects())}" in found.detail) == (Verdict.OK, True)


def test_a_registry_that_is_away_fails_with_its_address(connection: dict[str, str], topic_prefix: str) -> None:
    found = registry_finding(connection, topic_prefix, SCHEMA_REGISTRY_URL="http://127.0.0.1:1")
    assert found.verdict is Verdict.FAILED
    assert "SCHEMA_REGISTRY_URL=http://127.0.0.1:1 does not answer" in found.detail


def test_without_a_broker_there_is_nothing_to_examine() -> None:
    with pytest.raises(BackendUnavailable, match="does not answer"):
        list(examine({"bootstrap.servers": "127.0.0.1:1"}, "tasker", {}, fresh=False))
