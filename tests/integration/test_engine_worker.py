"""One worker on a real Kafka: dead letters, slow backends, the sweep, its start and its exit codes."""

from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.engine.preflight import CHANGELOG_CONFIG
from tasker_consumers.kafka.groups import delete_topic
from tests.support.engine.arena import Arena, arena, wait_until
from tests.support.processes import LIMIT_S, eventually

__all__ = ["arena"]


def test_an_unreadable_record_goes_to_the_dead_letters_unchanged_and_the_rest_goes_on(arena: Arena) -> None:
    arena.produce(100, 10)
    with arena.producer() as send:
        send("a", b"key-1", b"not a number", timestamp=1234567890123, headers=[("x", b"\xff"), ("x", b"2")])
    arena.produce(100, 10, seed=2)
    with arena.worker() as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    assert arena.differences() == {}
    (letter,) = arena.read("dlq")
    assert (letter.key(), letter.value(), letter.timestamp()[1]) == (b"key-1", b"not a number", 1234567890123)
    headers = letter.headers()
    assert headers[:2] == [("x", b"\xff"), ("x", b"2")]
    assert dict(headers)["__streams.errors.topic"] == f"{arena.prefix}.a".encode()
    assert b"malformed: b'not a number' is not id:value" in dict(headers)["__streams.errors.message"]


def test_a_record_without_a_key_goes_to_the_dead_letters(arena: Arena) -> None:
    with arena.producer() as send:
        send("b", None, b"1:1")
    with arena.worker():
        arena.wait_committed()
    (letter,) = arena.read("dlq")
    assert letter.value() == b"1:1"
    assert dict(letter.headers())["__streams.errors.message"].startswith(b"null_key")


def test_batches_that_decompress_beyond_the_limit_are_a_pointer_each_and_the_rest_goes_on(arena: Arena) -> None:
    arena.alter_topic("a", {"max.message.bytes": "1000000000"})
    codecs = ("gzip", "snappy", "lz4", "zstd")
    for seed, codec in enumerate(codecs, 3):
        arena.produce(50, 10, seed=seed)
        kafka = {"bootstrap.servers": arena.bootstrap, "compression.type": codec, "message.max.bytes": 200_000_000}
        bomb = Producer(kafka)
        bomb.produce(f"{arena.prefix}.a", bytes(150_000_000), b"key-1", partition=0)
        assert bomb.flush(LIMIT_S) == 0
        arena.records += 1
    arena.produce(50, 10, seed=2)
    with arena.worker() as worker:
        arena.wait_committed()
        assert (worker.peak_mib() < 512, worker.terminate()) == (True, 0)
    assert arena.differences() == {}
    letters = arena.read("dlq")
    assert [(letter.key(), letter.value()) for letter in letters] == [(None, None)] * len(codecs)
    for letter in letters:
        headers = dict(letter.headers())
        assert headers["__streams.errors.offset"] == headers["tasker-dlq-first-offset"]
        assert b"more than 67108864 bytes" in headers["__streams.errors.message"]


def test_a_backend_slower_than_the_session_does_not_cost_the_membership(arena: Arena) -> None:
    arena.produce(50, 10, topics="a")
    with arena.worker(processor={"slow": 9.0}) as worker:
        arena.wait_committed()
        assert worker.said("Joined group") == 1
        assert worker.terminate() == 0
    assert arena.differences() == {}


def test_a_rebalance_does_not_wait_for_a_slow_backend_and_loses_nothing(arena: Arena) -> None:
    arena.produce(50, 10)
    with arena.worker("slow", processor={"slow": 600.0}, drain_timeout=1.0) as slow:
        wait_until(lambda: "tasker_engine_partitions_assigned 4.0" in slow.get("/metrics")[1], "the slow one has all")
        with arena.worker("quick") as quick:
            quick.wait_ready()
            assert slow.terminate() == 0
            arena.wait_committed()
    assert arena.differences() == {}


def test_states_that_become_due_are_emitted_without_a_record(arena: Arena) -> None:
    arena.produce(1000, 300)
    one_more = {key: len(seen) + 1 for key, seen in arena.expected.items()}
    with arena.worker(processor={"expire": True}, sweep_interval=0.5) as worker:
        wait_until(lambda: {key: count for key, (count, _) in arena.counts().items()} == one_more, "all were due")
        assert worker.terminate() == 0
    assert {key: count for key, (count, _) in arena.states().items()} == one_more


def test_workers_on_one_host_take_places_of_their_own_in_one_directory(arena: Arena) -> None:
    with arena.worker("first") as first, arena.worker("second") as second:
        arena.produce(1000, 100)
        arena.wait_committed()
        first.wait_ready()
        second.wait_ready()
        assert (first.terminate(), second.terminate()) == (0, 0)
    places = {path.name for path in (arena.directory / "state" / f"{arena.prefix}-counting").iterdir()}
    assert places == {"worker-0", "worker-1"}
    assert arena.differences() == {}


@pytest.mark.parametrize(
    "moment",
    ["Health and metrics", "Waiting for tables", "(Re-)joining group", "Executing _on_partitions_assigned", "ready"],
)
def test_a_stop_is_orderly_at_any_point_of_the_start(arena: Arena, moment: str) -> None:
    arena.produce(100, 10)
    with arena.worker() as worker:
        wait_until(lambda: worker.said(moment) > 0, moment)
        assert worker.terminate() == 0


def test_health_pages_tell_when_a_worker_is_ready_and_what_it_did(arena: Arena) -> None:
    arena.produce(1000, 100)
    with arena.worker() as worker:
        assert worker.get("/healthz") == (200, "ok\n")
        wait_until(lambda: worker.get("/readyz") == (200, "ok\n"), "ready")
        arena.wait_committed()
        wait_until(
            lambda: f'lag_records{{partition="0",topic="{arena.prefix}.a"}} 0.0' in worker.get("/metrics")[1], "0 lag"
        )
        assert "tasker_engine_records_total" in worker.get("/metrics")[1]


def test_records_that_expired_while_no_worker_ran_are_told_and_counted(arena: Arena) -> None:
    arena.produce(100, 10, topics="a")
    with arena.worker("before") as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    before = arena.ends("a")
    arena.produce(100, 10, topics="a", seed=2)
    arena.delete_records("a")
    expired = {n: end - before[n] for n, end in arena.ends("a").items() if end > before[n]}
    with arena.worker("after") as worker:
        worker.wait_ready()
        for number, count in expired.items():
            line = f"{arena.prefix}.a/{number}: {count} records expired before they were read"
            assert eventually(lambda line=line: worker.said(line) == 1)  # type: ignore[misc]
        assert f'tasker_engine_expired_records_total{{partition="{min(expired)}"' in worker.get("/metrics")[1]
        assert worker.terminate() == 0


def test_partitions_that_are_added_under_a_worker_end_it_in_order_with_the_way_on(arena: Arena) -> None:
    arena.produce(100, 10)
    with arena.worker() as worker:
        arena.wait_committed()
        worker.wait_ready()
        arena.add_partitions("a", 8)
        assert worker.process.wait(LIMIT_S) == 1
        lines = worker.log.read_text().splitlines()
    assert f"tasker: partitions were changed under this worker: {arena.prefix}.a has 8 partitions, not 4" in lines[-1]
    assert not [text for text in lines if "Traceback" in text]
    assert arena.differences() == {}


def test_a_changelog_that_is_made_again_under_a_worker_ends_it_in_order_with_the_way_on(arena: Arena) -> None:
    arena.produce(100, 10)
    changelog = f"{arena.prefix}-counting-states-changelog"
    with arena.worker() as worker:
        arena.wait_committed()
        worker.wait_ready()
        delete_topic(AdminClient({"bootstrap.servers": arena.bootstrap}), changelog)
        arena.create_topic(changelog, CHANGELOG_CONFIG)
        assert worker.process.wait(LIMIT_S) == 1
        lines = worker.log.read_text().splitlines()
    assert f"tasker: deleted and made again under this worker: {changelog}. Records that were in there" in lines[-1]


@pytest.mark.parametrize(
    ("topics", "settings", "line"),
    [
        ({}, {"kafka": {"bootstrap.servers": "127.0.0.1:1"}}, "Kafka at 127.0.0.1:1 does not answer"),
        (
            {},
            {"kafka": {"bootstrap.servers": "127.0.0.1:1", "bad.name": "1"}},
            'No such configuration property: "bad.name"',
        ),
        ({"counts": 0}, {}, ".counts: `tasker topics create` makes"),
        ({"b": 3}, {}, "must have the same number of partitions: "),
    ],
)
def test_what_cannot_work_is_one_line_and_exit_code_2(
    kafka: KafkaSource, topic_prefix: str, tmp_path: Path, topics: dict[str, int], settings: dict[str, Any], line: str
) -> None:
    arena = Arena(kafka.bootstrap_servers, topic_prefix, tmp_path)
    arena.create_topics(**topics)
    with arena.worker(**settings) as worker:
        assert worker.process.wait(LIMIT_S) == 2
        (said,) = worker.log.read_text().splitlines()
        assert line in said
