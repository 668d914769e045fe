"""One worker on a real Kafka: dead letters, slow backends, the sweep, its states and its exit codes."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.engine.preflight import CHANGELOG_CONFIG
from tasker_consumers.kafka.groups import delete_topic
from tests.support.engine.arena import PARTITIONS, Arena, wait_until
from tests.support.processes import LIMIT_S, eventually


@pytest.fixture
def arena(kafka: KafkaSource, topic_prefix: str, tmp_path: Path) -> Arena:
    arena = Arena(kafka.bootstrap_servers, topic_prefix, tmp_path)
    arena.create_topics()
    return arena


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


@pytest.mark.parametrize("store", ["rocksdb", "memory"])
def test_states_come_back_from_the_changelog_when_their_directory_is_gone(arena: Arena, store: str) -> None:
    arena.produce(5000, 1000)
    with arena.worker("before", store=store) as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    shutil.rmtree(arena.directory / "state")
    arena.produce(1000, 1000, seed=2)
    with arena.worker("after", store=store) as worker:
        arena.wait_committed()
        assert worker.said("Restoring state from changelog topics")
        assert worker.terminate() == 0
    assert arena.differences() == {}


def test_a_worker_that_starts_again_reads_no_changelog_it_has_on_disk(arena: Arena) -> None:
    arena.produce(1000, 100)
    for name in ("before", "after"):
        with arena.worker(name) as worker:
            arena.wait_committed()
            worker.wait_ready()
            assert worker.terminate() == 0
            assert not worker.said("Restoring state from changelog topics")


def test_a_state_directory_from_another_life_of_the_changelog_is_forgotten(arena: Arena) -> None:
    arena.produce(1000, 100)
    with arena.worker("before") as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    admin = AdminClient({"bootstrap.servers": arena.bootstrap})
    for deleted in admin.delete_topics([f"{arena.prefix}-counting-states-changelog"]).values():
        deleted.result()
    with arena.worker("after") as worker:
        worker.wait_ready()
        assert worker.said("is from another changelog")
        assert worker.terminate() == 0


def test_a_damaged_disk_is_restored_while_the_worker_runs(arena: Arena) -> None:
    arena.produce(20_000, 4_000)
    with arena.worker("before") as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    for partition in range(PARTITIONS):
        files = (arena.directory / "state").rglob(f"states/{partition}/*.sst")
        largest = max(files, key=lambda path: path.stat().st_size)
        data = bytearray(largest.read_bytes())
        data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
        largest.write_bytes(data)
    with arena.worker("after") as worker:
        worker.wait_ready()
        arena.produce(20_000, 4_000, seed=2)
        arena.wait_committed()
        assert worker.said("is damaged (Corruption")
        assert worker.terminate() == 0
    assert arena.differences() == {}


def test_a_disk_that_knows_an_older_life_of_the_changelog_is_restored(arena: Arena) -> None:
    old = str(arena.directory / "old")
    arena.produce(1000, 100)
    with arena.worker("old", state_dir=old) as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    arena.forget_group()
    arena.produce(2000, 100, seed=2)
    with arena.worker("new") as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    with arena.worker("old again", state_dir=old) as worker:
        worker.wait_ready()
        arena.produce(1000, 100, seed=3)
        arena.wait_committed()
        assert worker.said("is from another changelog") >= PARTITIONS
        assert worker.terminate() == 0
    assert arena.differences() == {}


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


def test_a_state_larger_than_a_usual_record_is_kept_and_restored(arena: Arena) -> None:
    for name, count in (("before", 100_000), ("after", 1)):
        arena.produce(count, 1, topics="a")
        with arena.worker(name, store="memory", batch_size=50_000) as worker:
            arena.wait_committed()
            assert worker.terminate() == 0
    assert max(len(record.value()) for record in arena.changelog()) > 1_200_000
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


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"cleanup.policy": "delete"}, "cleanup.policy is delete, expected compact"),
        ({"cleanup.policy": "compact", "max.message.bytes": "1048588"}, "max.message.bytes is 1048588"),
    ],
)
def test_a_changelog_that_loses_states_is_refused_with_the_command_that_mends_it(
    arena: Arena, config: dict[str, str], line: str
) -> None:
    changelog = f"{arena.prefix}-counting-states-changelog"
    arena.create_topic(changelog, config)
    with arena.worker() as worker:
        assert worker.process.wait(40) == 2
        (last,) = (text for text in worker.log.read_text().splitlines() if "tasker: " in text)
    assert line in last
    assert f"--entity-name {changelog}" in last


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
        assert worker.process.wait(40) == 1
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
        assert worker.process.wait(60) == 1
        lines = worker.log.read_text().splitlines()
    assert f"tasker: deleted and made again under this worker: {changelog}. Records that were in there" in lines[-1]


@pytest.mark.parametrize(
    ("topics", "settings", "line"),
    [
        ({}, {"kafka": {"bootstrap.servers": "127.0.0.1:1"}}, "No Kafka broker answers at 127.0.0.1:1"),
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
        assert worker.process.wait(40) == 2
        (said,) = worker.log.read_text().splitlines()
        assert line in said
