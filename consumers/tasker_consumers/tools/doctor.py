"""Look at everything the system leans on, and say for each whether it holds."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import uuid4

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.kafka.topics import TIMEOUT_S, connect, differing, list_topics, partitions_by_topic
from tasker_consumers.replay.reading.offset_range import OffsetRange
from tasker_consumers.replay.reading.read import open_source, read
from tasker_consumers.telemetry.export.otlp.exporter import otlp_transport
from tasker_consumers.telemetry.export.otlp.settings import OtlpSettings
from tasker_consumers.telemetry.export.sending.answers import Answer, Then
from tasker_consumers.telemetry.export.sending.endpoint import without_credentials
from tasker_schemas.avro.versions import Schema, latest
from tasker_schemas.errors import BackendUnavailable, ConfigurationError
from tasker_schemas.registry.client import SchemaRegistry, subjects
from tasker_schemas.registry.settings import RegistrySettings

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_ANSWER_LIMIT_S = 5.0


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    SKIPPED = "skipped"  # there is nothing to check, and that is no fault
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, as a sentence."""

    check: str
    verdict: Verdict
    detail: str


def examine(kafka: Mapping[str, str], prefix: str, environ: Mapping[str, str], *, fresh: bool) -> Iterator[Finding]:
    """Yield the findings one by one; `fresh` says that this Kafka was just started and so can have no topics.

    Raises BackendUnavailable when no broker answers: then there is nothing more to look at. Raises ConfigurationError
    for a wrong setting of the schema registry or the trace backend.
    """
    admin = connect(kafka)
    partitions_by_topic(kafka, admin)
    yield _brokers(admin)
    yield (
        Finding("topics", Verdict.SKIPPED, "a Kafka that was just started has none")
        if fresh
        else _topics(kafka, prefix)
    )
    yield _round_trip(kafka, admin, f"{prefix}.doctor.{uuid4().hex[:8]}")
    if registry := RegistrySettings.from_env(environ):
        yield _registry(registry, prefix)
    yield _otlp(environ)


def _brokers(admin: AdminClient) -> Finding:
    try:
        cluster = admin.describe_cluster(request_timeout=TIMEOUT_S).result()
    except KafkaException as error:
        return Finding("brokers", Verdict.FAILED, f"the cluster does not describe itself: {error.args[0].str()}")
    nodes = ", ".join(f"{node.id} at {node.host}:{node.port}" for node in cluster.nodes)
    return Finding("brokers", Verdict.OK, f"cluster {cluster.cluster_id}, nodes: {nodes}")


def _topics(kafka: Mapping[str, str], prefix: str) -> Finding:
    states = list_topics(kafka, prefix)
    missing = [state.name for state in states if state.partitions is None]
    if missing:
        return Finding("topics", Verdict.FAILED, f"missing: {', '.join(missing)}; `tasker topics create` makes them")
    odd = differing(states)
    if odd:
        names = ", ".join(f"{state.name} ({state.partitions})" for state in odd)
        return Finding("topics", Verdict.FAILED, f"partition counts differ, streams cannot be joined: {names}")
    return Finding("topics", Verdict.OK, f"{len(states)} topics, {states[0].partitions} partitions each")


def _round_trip(kafka: Mapping[str, str], admin: AdminClient, topic: str) -> Finding:
    """Send a record through a topic of its own: no consumer is disturbed, and nothing is left behind."""
    try:
        admin.create_topics([NewTopic(topic, 1)], operation_timeout=TIMEOUT_S)[topic].result(TIMEOUT_S)
    except KafkaException as error:
        return Finding("round trip", Verdict.FAILED, f"topic {topic} cannot be made: {error.args[0].str()}")
    try:
        started = time.perf_counter()
        come_back = _send_and_read(kafka, topic, uuid4().bytes)
        took = (time.perf_counter() - started) * 1000
    except (BackendUnavailable, KafkaException) as error:
        return Finding("round trip", Verdict.FAILED, str(error))
    finally:
        admin.delete_topics([topic])[topic].result(TIMEOUT_S)
    if not come_back:
        return Finding("round trip", Verdict.FAILED, "a record was sent, and another one came back")
    return Finding("round trip", Verdict.OK, f"a record went to a topic and came back in {took:.0f} ms")


def _send_and_read(kafka: Mapping[str, str], topic: str, value: bytes) -> bool:
    producer = Producer({"log_level": 0, **kafka})
    producer.produce(topic, value)
    if producer.flush(TIMEOUT_S):
        raise BackendUnavailable(f"the record for {topic} was not acknowledged within {TIMEOUT_S:.0f} s")
    with open_source(kafka) as consumer:
        return [record.value for record in read(consumer, [OffsetRange(topic, 0, 0, 1)])] == [value]


def _registry(settings: RegistrySettings, prefix: str) -> Finding:
    """Ask for the schemas that producers and consumers of this version use."""
    registry, ours = SchemaRegistry(settings), subjects(prefix)
    try:
        lacking = [subject for record, subject in ours.items() if not _knows(registry, subject, latest(record))]
    except (BackendUnavailable, ConfigurationError) as error:
        return Finding("registry", Verdict.FAILED, str(error))
    mode = "producers register what it lacks" if settings.auto_register else "producers only look up"
    detail = f"{settings.url} has {len(ours) - len(lacking)} of {len(ours)} schemas; {mode}"
    if lacking and not settings.auto_register:
        return Finding("registry", Verdict.FAILED, f"{detail}; `tasker schemas register` adds {', '.join(lacking)}")
    return Finding("registry", Verdict.OK, detail)


def _knows(registry: SchemaRegistry, subject: str, schema: Schema) -> bool:
    try:
        registry.look_up(subject, schema)
    except LookupError:
        return False
    return True


def _otlp(environ: Mapping[str, str]) -> Finding:
    settings = OtlpSettings.from_env(environ)
    answer = asyncio.run(_export_nothing(replace(settings, timeout_s=min(settings.timeout_s, _ANSWER_LIMIT_S))))
    where = f"{without_credentials(settings.endpoint)} ({settings.protocol})"
    if answer.then is Then.TAKEN:
        return Finding("otlp", Verdict.OK, f"{where} takes spans")
    if any(environ.get(name, "").strip() for name in _ENDPOINTS):
        return Finding("otlp", Verdict.FAILED, f"{where} takes no spans: {answer.words}")
    return Finding("otlp", Verdict.SKIPPED, f"OTEL_EXPORTER_OTLP_ENDPOINT is not set, and nothing is at {where}")


async def _export_nothing(settings: OtlpSettings) -> Answer:
    """Send a request without spans: the whole way to the backend is tried, and nothing is left there."""
    transport = otlp_transport(settings)
    await transport.open()
    try:
        return await transport.send(b"")
    finally:
        await transport.close()
