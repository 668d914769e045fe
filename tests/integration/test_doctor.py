"""The doctor on a real broker: what stands is ok, what is missing is named."""

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource, WebSource
from tasker_consumers.kafka.partitioner import partition_of
from tasker_consumers.kafka.topics import create_topics
from tasker_consumers.tools.doctor.examine import examine
from tasker_consumers.tools.doctor.finding import Finding, Verdict
from tasker_schemas.avro.versions import latest
from tasker_schemas.registry.client import SchemaRegistry, subjects
from tasker_schemas.registry.settings import RegistrySettings
from tests.support.demo_runs import run_tasker
from tests.support.kafka.topics import make_topic
from tests.support.processes import LIMIT_S, eventually
from tests.support.telemetry.otlp import OtlpReceiver, otlp

__all__ = ["otlp"]  # a fixture

T0 = 1_700_000_000_000  # milliseconds


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
    findings = by_check(list(examine(connection, topic_prefix, environ, is_new=False)))
    of_workers = {name for name in findings if name.startswith("group ")}
    others = {name: finding.verdict for name, finding in findings.items() if name not in of_workers}
    assert set(others.values()) == {Verdict.OK, Verdict.WARNING, Verdict.SKIPPED}
    assert {name for name, verdict in others.items() if verdict is not Verdict.OK} == {
        "replication", "registry", "store", "partitioner",
    }  # fmt: skip
    assert "2 partitions each" in findings["topics"].detail


def test_a_group_without_a_member_fails_with_the_command_that_starts_one(
    connection: dict[str, str], topic_prefix: str
) -> None:
    create_topics(connection, topic_prefix, partitions=1)
    findings = by_check(list(examine(connection, topic_prefix, {"TASKER_TELEMETRY_GROUP": "spans"}, is_new=False)))
    stats, spans = findings[f"group {topic_prefix}-stats"], findings[f"group {topic_prefix}-spans"]
    assert (stats.verdict, spans.verdict) == (Verdict.FAILED, Verdict.FAILED)
    assert stats.remedy == "`tasker run stats` starts a worker"


def test_a_named_store_has_its_database_its_group_and_its_rights_checked(
    connection: dict[str, str], topic_prefix: str, store_url: str
) -> None:
    create_topics(connection, topic_prefix, partitions=1)
    findings = by_check(list(examine(connection, topic_prefix, {"TASKER_STORE_URL": store_url})))
    assert findings["store"].verdict is Verdict.OK
    assert "secret" not in findings["store"].detail
    assert findings[f"group {topic_prefix}-store"].remedy == "`tasker run store` starts a worker"
    assert findings[f"dead letters {topic_prefix}.dlq.store"].detail == "none"
    assert "tasker run store" in findings["rights"].detail


def test_a_store_that_is_not_there_or_not_migrated_fails_with_the_command(
    connection: dict[str, str], topic_prefix: str, tmp_path: Path
) -> None:
    absent, empty = tmp_path / "absent.db", tmp_path / "empty.db"
    empty.touch()
    for database, command in ((absent, "tasker run store"), (empty, "tasker store migrate")):
        environ = {"TASKER_STORE_URL": f"sqlite:///{database}"}
        found = by_check(list(examine(connection, topic_prefix, environ)))["store"]
        assert (found.verdict, f"`{command}`" in found.detail) == (Verdict.FAILED, True)
    assert not absent.exists()


def test_dead_letters_are_counted_and_the_newest_is_quoted(connection: dict[str, str], topic_prefix: str) -> None:
    create_topics(connection, topic_prefix, partitions=2)
    producer = Producer(connection)
    for number in range(3):
        headers = {
            "__streams.errors.message": f"bad_magic {number}",
            "__streams.errors.topic": f"{topic_prefix}.events.step",
            "__streams.errors.partition": "1",
            "__streams.errors.offset": str(number),
        }
        producer.produce(f"{topic_prefix}.dlq.stats", b"junk", b"42", headers=headers, timestamp=T0 + number)
        assert producer.flush(20) == 0
    findings = by_check(list(examine(connection, topic_prefix, {}, is_new=False)))
    letters = findings[f"dead letters {topic_prefix}.dlq.stats"]
    assert letters.verdict is Verdict.WARNING
    assert letters.detail.startswith(f"3 records, the newest from {topic_prefix}.events.step/1/2 at ")
    assert letters.detail.endswith("bad_magic 2")
    assert findings[f"dead letters {topic_prefix}.dlq.telemetry"].detail == "none"


def test_missing_topics_and_a_dead_backend_fail_with_what_to_do(connection: dict[str, str], topic_prefix: str) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    findings = by_check(list(examine(connection, topic_prefix, environ, is_new=False)))
    assert findings["topics"].verdict is findings["otlp"].verdict is Verdict.FAILED
    assert findings["topics"].remedy == "`tasker topics create` makes them"
    assert findings["round trip"].verdict is Verdict.OK


def test_the_round_trip_leaves_no_topic_behind(
    connection: dict[str, str], admin: AdminClient, topic_prefix: str
) -> None:
    findings = by_check(list(examine(connection, topic_prefix, {}, is_new=True)))
    assert findings["topics"].verdict is Verdict.SKIPPED
    assert eventually(lambda: not [name for name in admin.list_topics(timeout=LIMIT_S).topics if topic_prefix in name])


def registry_finding(connection: dict[str, str], prefix: str, **variables: str) -> Finding:
    return by_check(list(examine(connection, prefix, variables, is_new=True)))["registry"]


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
    assert (found.verdict, f"adds {topic_prefix}.events.task-value" in found.remedy) == (Verdict.FAILED, True)
    for record, subject in subjects(topic_prefix).items():
        SchemaRegistry(RegistrySettings(url=registry.url)).register(subject, latest(record))
    found = registry_finding(connection, topic_prefix, **where, SCHEMA_REGISTRY_AUTO_REGISTER="false")
    assert (found.verdict, f"{len(subjects())} of {len(subjects())}" in found.detail) == (Verdict.OK, True)


def test_a_registry_that_is_away_fails_with_its_address(connection: dict[str, str], topic_prefix: str) -> None:
    found = registry_finding(connection, topic_prefix, SCHEMA_REGISTRY_URL="http://127.0.0.1:1")
    assert found.verdict is Verdict.FAILED
    assert "SCHEMA_REGISTRY_URL=http://127.0.0.1:1 does not answer" in found.detail


@pytest.mark.parametrize(
    ("servers", "reason"), [("127.0.0.1:1", "Connection refused"), ("no-such-host.invalid:9092", "Failed to resolve")]
)
def test_without_a_broker_every_other_check_still_has_its_row(
    otlp: OtlpReceiver, topic_prefix: str, servers: str, reason: str
) -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": otlp.http}
    findings = by_check(list(examine({"bootstrap.servers": servers}, topic_prefix, environ)))
    assert findings["kafka"].verdict is Verdict.FAILED
    assert f"no broker answers at {servers}: " in findings["kafka"].detail
    assert reason in findings["kafka"].detail
    assert findings["otlp"].verdict is Verdict.OK
    for check in ("brokers", "topics", "round trip", f"group {topic_prefix}-stats", "dead letters"):
        assert findings[check].detail == "not checked: no broker answers"


def test_no_named_broker_is_a_failure_and_no_kafka_is_started(topic_prefix: str) -> None:
    findings = by_check(list(examine({}, topic_prefix, {})))
    assert (findings["kafka"].verdict, findings["kafka"].detail) == (
        Verdict.FAILED,
        "KAFKA_BOOTSTRAP_SERVERS is not set",
    )


def test_a_wrong_setting_fails_its_own_check_alone(connection: dict[str, str], topic_prefix: str) -> None:
    create_topics(connection, topic_prefix, partitions=1)
    environ = {"OTEL_EXPORTER_OTLP_PROTOCOL": "pigeon", "SCHEMA_REGISTRY_URL": "no address"}
    findings = by_check(list(examine(connection, topic_prefix, environ)))
    assert findings["otlp"].verdict is findings["registry"].verdict is Verdict.FAILED
    assert findings["round trip"].verdict is Verdict.OK


def test_where_topics_cannot_be_deleted_the_same_topic_serves_every_call(
    connection: dict[str, str], admin: AdminClient, topic_prefix: str
) -> None:
    make_topic(admin, f"{topic_prefix}.doctor")
    findings = by_check(list(examine(connection, topic_prefix, {}, is_new=True)))
    assert findings["round trip"].verdict is Verdict.OK


def test_the_command_prints_every_row_as_json_and_ends_with_one(topic_prefix: str) -> None:
    variables = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "TASKER_TOPIC_PREFIX": topic_prefix}
    ended = run_tasker("doctor", "--json", **variables)
    checks = {row["check"]: row for row in json.loads(ended.stdout)["checks"]}
    assert ended.returncode == 1
    assert {"program", "kafka", "topics", "round trip", "otlp"} <= checks.keys()
    assert all(row["remedy"] for row in checks.values() if row["verdict"] == "failed")


def topics_of(admin: AdminClient, prefix: str) -> set[str]:
    """Return the topics that this test and its doctor made."""
    return {name for name in admin.list_topics(timeout=LIMIT_S).topics if prefix in name}


def groups_of(admin: AdminClient, prefix: str) -> set[str]:
    names = {group.group_id for group in admin.list_consumer_groups().result(LIMIT_S).valid}
    return {name for name in names if prefix in name or "doctor" in name}


def test_every_row_of_a_healthy_cluster_is_there_and_nothing_is_left_behind(
    connection: dict[str, str], topic_prefix: str, admin: AdminClient
) -> None:
    create_topics(connection, topic_prefix, partitions=2)
    before = topics_of(admin, topic_prefix)
    groups_before = groups_of(admin, topic_prefix)
    findings = by_check(list(examine(connection, topic_prefix, {}, is_new=False)))
    for check in ("publisher", "subscriber", "opentelemetry", "settings", "rights", "round trip"):
        assert findings[check].verdict is Verdict.OK, findings[check]
    assert findings["rights"].detail.startswith("this login may run: producer, tasker run stats")
    assert findings["partitioner"].verdict is Verdict.SKIPPED
    assert eventually(lambda: topics_of(admin, topic_prefix) == before)
    assert groups_of(admin, topic_prefix) <= groups_before


def test_a_setting_that_loses_records_and_a_foreign_partitioner_are_named(
    connection: dict[str, str], topic_prefix: str, admin: AdminClient
) -> None:
    events = f"{topic_prefix}.events.task"
    make_topic(admin, events, 2, {"cleanup.policy": "compact"})
    create_topics(connection, topic_prefix, partitions=2)
    producer = Producer(connection)
    key = b"42"
    producer.produce(events, b"foreign", key, partition=1 - partition_of(key, 2))
    producer.flush(20)
    findings = by_check(list(examine(connection, topic_prefix, {}, is_new=False)))
    settings = findings[f"settings {events}"]
    assert settings.verdict in (Verdict.FAILED, Verdict.WARNING)
    assert any("cleanup.policy" in f.detail for f in examine(connection, topic_prefix, {}, is_new=False))
    assert findings["partitioner"].verdict is Verdict.WARNING
    assert f"{events}/{1 - partition_of(key, 2)}/0" in findings["partitioner"].detail
