"""A real schema registry between producers, workers and tools: both framings, ids, and what happens when it is away."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient

from tasker_consumers.embedded import EmbeddedRegistry, KafkaSource, WebSource
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.avro.codec import CONFLUENT, SINGLE_OBJECT, Decoder, confluent_frame, encode
from tasker_schemas.avro.versions import Schema, all_schemas, latest, prepared
from tasker_schemas.registry.client import SchemaRegistry, subject_of, subjects
from tasker_schemas.registry.lookup import CachedLookup
from tasker_schemas.registry.settings import RegistrySettings
from tests.support.processes import LIMIT_S, eventually
from tests.support.stats.arena import StatsArena

RECORD = "StepEvent"


class Counted(SchemaRegistry):
    """A registry that counts how often it is asked for a schema."""

    asked = 0

    def schema(self, schema_id: int) -> dict[str, object]:
        self.asked += 1
        return super().schema(schema_id)


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> StatsArena:
    return StatsArena(kafka.bootstrap_servers, topic_prefix, tmp_path)


@contextmanager
def publisher_of(arena: StatsArena, registry_url: str | None) -> Iterator[EventPublisher]:
    """A publisher that knows the registry's ids before it is used, if there is a registry."""
    registry = RegistrySettings(url=registry_url) if registry_url else None
    settings = ProducerSettings(kafka=arena.kafka, topic_prefix=arena.prefix, spool_max_bytes=0, registry=registry)
    with EventPublisher(settings) as publisher:
        if publisher._frames is not None:
            assert publisher._frames.wait(LIMIT_S)
        yield publisher


@contextmanager
def stats_worker(arena: StatsArena, registry_url: str) -> Iterator[Path]:
    """`tasker run stats` with a registry; yields its log."""
    ours = {
        "KAFKA_BOOTSTRAP_SERVERS": arena.kafka["bootstrap.servers"],
        "SCHEMA_REGISTRY_URL": registry_url,
        "TASKER_TOPIC_PREFIX": arena.prefix,
        "TASKER_STATE_DIR": str(arena.directory / "state"),
    }
    log = arena.directory / "worker.log"
    command = [sys.executable, "-m", "tasker_consumers.cli", "run", "stats"]
    with log.open("wb") as out, subprocess.Popen(command, env={**os.environ, **ours}, stdout=out, stderr=out) as worker:
        yield log
        worker.terminate()
        assert worker.wait(LIMIT_S) == 0


def run_task(publisher: EventPublisher, task_id: str) -> None:
    """Publish a task of one step."""
    with publisher.task("order_processing", task_id=task_id) as task, task.step("ship", step_id="s"):
        pass


def first_bytes(arena: StatsArena, topic: str) -> set[bytes]:
    """Return how the records of a topic begin."""
    return {(record.value() or b"")[:1] for record in arena.read(f"{arena.prefix}.{topic}")}


def statuses(arena: StatsArena) -> dict[str, str]:
    """Return the status of each task."""
    return {task: stats["status"] for task, stats in arena.stats().items()}


def test_both_framings_are_read_from_one_topic_also_when_the_registry_comes_late(
    arena: StatsArena, own_registry: EmbeddedRegistry
) -> None:
    with publisher_of(arena, own_registry.url) as by_id, publisher_of(arena, None) as by_fingerprint:
        run_task(by_id, "1")
        run_task(by_fingerprint, "2")
    assert first_bytes(arena, "events.task") == first_bytes(arena, "events.step") == {CONFLUENT, SINGLE_OBJECT[:1]}
    own_registry.kill()
    with stats_worker(arena, own_registry.url) as log:
        assert eventually(lambda: "Held at" in log.read_text())
        assert statuses(arena).get("1") != "complete"
        own_registry.start()
        assert eventually(lambda: statuses(arena) == {"1": "complete", "2": "complete"})
    assert arena.read(f"{arena.prefix}.dlq.stats") == []


def test_a_registry_that_dies_in_mid_run_changes_nothing_for_those_who_know_its_ids(
    arena: StatsArena, own_registry: EmbeddedRegistry
) -> None:
    with publisher_of(arena, own_registry.url) as publisher, stats_worker(arena, own_registry.url):
        run_task(publisher, "1")
        assert eventually(lambda: statuses(arena) == {"1": "complete"})
        own_registry.kill()
        run_task(publisher, "2")
        assert eventually(lambda: statuses(arena) == {"1": "complete", "2": "complete"})
        assert publisher.stats()["framed_single_object"] == 0
    assert first_bytes(arena, "events.step") == {CONFLUENT}


def test_records_without_an_id_are_counted_until_the_registry_is_there(
    arena: StatsArena, breakable_registry: EmbeddedRegistry
) -> None:
    breakable_registry.stop()
    registry = RegistrySettings(url=breakable_registry.url)
    settings = ProducerSettings(kafka=arena.kafka, topic_prefix=arena.prefix, spool_max_bytes=0, registry=registry)
    with EventPublisher(settings) as publisher:
        publisher.publish_event("order.paid")
        assert publisher.stats()["framed_single_object"] == 1
        breakable_registry.start()
        assert publisher._frames is not None
        assert publisher._frames.wait(LIMIT_S)
        publisher.publish_event("order.paid")
        assert publisher.stats()["framed_single_object"] == 1
    assert first_bytes(arena, "events.custom") == {CONFLUENT, SINGLE_OBJECT[:1]}


def test_each_id_is_asked_for_once_and_not_for_every_record(registry: WebSource, topic_prefix: str) -> None:
    asked = Counted(RegistrySettings(url=registry.url))
    frame = confluent_frame(asked.register(subject_of(topic_prefix), latest("CustomEvent")))
    decode = Decoder(CachedLookup(asked)).decode
    for number in range(100):
        told = {"event_id": str(number), "event_name": "order.paid", "timestamp": number}
        assert decode("CustomEvent", encode("CustomEvent", told, frame))["event_id"] == str(number)
    assert asked.asked == 1


def test_registering_makes_the_registry_strict_and_never_less_strict(registry: WebSource, topic_prefix: str) -> None:
    asked = SchemaRegistry(RegistrySettings(url=registry.url))
    with SchemaRegistryClient({"url": registry.url}) as client:
        asked.register(f"{topic_prefix}-a", latest(RECORD))
        assert client.get_compatibility(f"{topic_prefix}-a") == "BACKWARD_TRANSITIVE"
        client.set_compatibility(f"{topic_prefix}-b", "FULL_TRANSITIVE")
        asked.register(f"{topic_prefix}-b", latest(RECORD))
        assert client.get_compatibility(f"{topic_prefix}-b") == "FULL_TRANSITIVE"


def test_what_confluents_own_client_registers_is_found_and_the_other_way_round(
    registry: WebSource, topic_prefix: str
) -> None:
    asked = SchemaRegistry(RegistrySettings(url=registry.url))
    given = asked.register(subject_of(topic_prefix), latest(RECORD))
    with SchemaRegistryClient({"url": registry.url}) as client:
        told = client.get_schema(given)
        assert client.lookup_schema(subject_of(topic_prefix), told).schema_id == given
    assert asked.schema(given) == latest(RECORD).declared


def test_a_version_of_tomorrow_is_read_by_todays_code_through_its_id(registry: WebSource, topic_prefix: str) -> None:
    asked = SchemaRegistry(RegistrySettings(url=registry.url))
    today = latest("CustomEvent")
    added = {"name": "of_tomorrow", "type": ["null", "string"], "default": None}
    declared = {**today.declared, "fields": [*today.declared["fields"], added]}
    tomorrow = Schema("CustomEvent", today.version + 1, declared, prepared(declared), b"")
    frame = confluent_frame(asked.register(subject_of(topic_prefix), tomorrow))
    told = {"event_id": "1", "event_name": "order.paid", "timestamp": 1}
    value = encode("CustomEvent", told, frame) + b"\x02\x06new"  # the added field, behind the others
    found = Decoder(CachedLookup(asked)).decode("CustomEvent", value)
    assert found == Decoder().decode("CustomEvent", encode("CustomEvent", told))


def test_ids_of_every_version_ever_shipped_are_read(registry: WebSource, topic_prefix: str) -> None:
    asked = SchemaRegistry(RegistrySettings(url=registry.url))
    ids = [asked.register(subjects(topic_prefix)[schema.record], schema) for schema in all_schemas()]
    assert [CachedLookup(asked)(number) for number in ids] == [schema.declared for schema in all_schemas()]


def schemas_command(registry_url: str, prefix: str, *arguments: str) -> tuple[int, list[str], str]:
    """Run `tasker schemas`; return its exit code, the lines of its table, and its complaints."""
    environ = {**os.environ, "SCHEMA_REGISTRY_URL": registry_url, "TASKER_TOPIC_PREFIX": prefix}
    command = [sys.executable, "-m", "tasker_consumers.cli", "schemas", *arguments]
    ended = subprocess.run(command, env=environ, check=False, capture_output=True, text=True, timeout=LIMIT_S)
    return ended.returncode, ended.stdout.splitlines()[1:], ended.stderr


def test_the_command_registers_every_version_and_then_finds_them(registry: WebSource, topic_prefix: str) -> None:
    code, before, _ = schemas_command(registry.url, topic_prefix, "list")
    assert (code, {line.split("\t")[-1] for line in before}) == (1, {"missing"})
    code, registered, _ = schemas_command(registry.url, topic_prefix, "register")
    assert code == 0
    assert schemas_command(registry.url, topic_prefix, "check")[0] == 0
    code, after, _ = schemas_command(registry.url, topic_prefix, "list")
    assert (code, [line.split("\t")[-1] for line in after]) == (0, [line.split("\t")[-1] for line in registered])


def test_the_command_says_what_the_registry_refuses(registry: WebSource, topic_prefix: str) -> None:
    subject = subjects(topic_prefix)["TaskStats"]
    other = {"type": "record", "name": "TaskStats", "fields": [{"name": "task_id", "type": "int"}]}
    SchemaRegistry(RegistrySettings(url=registry.url)).register(subject, Schema("TaskStats", 1, other, other, b""))
    code, rows, complaints = schemas_command(registry.url, topic_prefix, "register")
    assert (code, f"{subject}\t1\trefused" in rows) == (1, True)
    assert f"the registry refuses /subjects/{subject}/versions" in complaints
    code, _, complaints = schemas_command(registry.url, topic_prefix, "check")
    assert code == 1
    assert f"cannot read every version of {subject} in the registry" in complaints


def test_the_command_says_in_one_line_that_no_registry_answers(topic_prefix: str) -> None:
    code, rows, complaints = schemas_command("http://127.0.0.1:9", topic_prefix, "register")
    assert (code, rows, complaints.count("\n")) == (2, [], 1)
    assert "SCHEMA_REGISTRY_URL=http://127.0.0.1:9 does not answer" in complaints
