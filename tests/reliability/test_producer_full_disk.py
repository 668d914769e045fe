"""The spool on a disk that is really full: the policy is obeyed and counted, and what was kept arrives."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_producer import EventPublisher, ProducerSettings
from tasker_producer.delivery import memory
from tasker_producer.delivery.spool.settings import FullPolicy
from tasker_schemas.avro.codec import Decoder
from tests.support.kafka.door import Door
from tests.support.kafka.produced import create_event_topics, read_all
from tests.support.processes import eventually

pytestmark = pytest.mark.reliability

QUEUE, MEMORY = 500, 4_000
POLICIES = list(FullPolicy)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    mounted = subprocess.run(command, check=False, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def door(kafka: KafkaSource) -> Iterator[Door]:
    """The way to the shared Kafka, closed."""
    with Door(kafka.bootstrap_servers) as way:
        yield way


@pytest.fixture
def settings(admin: AdminClient, door: Door, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> ProducerSettings:
    monkeypatch.setattr(memory, "MAX_IN_MEMORY", MEMORY)
    create_event_topics(admin, topic_prefix)
    kafka = {"bootstrap.servers": door.address, "queue.buffering.max.messages": str(QUEUE)}
    return ProducerSettings(kafka={**kafka, "reconnect.backoff.max.ms": "200"}, topic_prefix=topic_prefix)


def publish(publisher: EventPublisher, numbers: range) -> None:
    for number in numbers:
        publisher.publish_event("order.seen", {"number": number}, key="k")


def arrived(kafka: KafkaSource, settings: ProducerSettings, count: int) -> list[int]:
    """The numbers on the topic, in their order."""
    messages = read_all(kafka.bootstrap_servers, f"{settings.topic_prefix}.events.custom", count)
    return [Decoder().decode("CustomEvent", message.value())["attributes"]["number"] for message in messages]


def publish_until(publisher: EventPublisher, reached: Callable[[], bool]) -> int:
    """Publish, slowly enough for the disk, until a condition holds; return how many events that took."""
    backlog = publisher._delivery._backlog  # type: ignore[attr-defined]
    room = MEMORY // 4  # beside these, memory still holds the batch that is on its way to the disk
    for number in count():
        publish(publisher, range(number, number + 1))
        if number % 100 == 0:
            assert eventually(lambda: len(backlog._memory) < room or reached())
            if reached():
                return number + 1
    raise AssertionError


def waits_in_memory(counts: dict[str, int]) -> bool:
    """Whether events wait that the queue will not take."""
    return counts["queued"] > 0 and counts["spooled"] > 100


def assert_obeyed(policy: FullPolicy, numbers: list[int], last: int, dropped: int) -> None:
    """The order is kept, nothing came twice, and what is missing is what the policy gives up."""
    assert numbers == sorted(set(numbers))
    assert 0 < dropped == last + 1 - len(numbers)
    missing = sorted(set(range(last)) - set(numbers))
    if policy is FullPolicy.DROP_OLDEST:  # of those that the disk had not taken
        assert QUEUE < missing[0] <= missing[-1] < last - MEMORY // 2
    else:  # the oldest stay; newer ones come in again as soon as there is room
        assert missing[0] >= MEMORY


@pytest.mark.parametrize("policy", POLICIES)
def test_on_a_full_disk_the_policy_decides_and_what_was_kept_arrives_once(
    kafka: KafkaSource,
    settings: ProducerSettings,
    door: Door,
    small_disk: Path,
    policy: FullPolicy,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publisher = EventPublisher(replace(settings, spool_dir=small_disk, spool_full=policy, spool_block_s=0.0001))
    last = full = publish_until(publisher, lambda: "database or disk is full" in caplog.text)
    while last < full + 2 * MEMORY or not publisher.stats()["dropped_spool_full"]:
        publish(publisher, range(last, last + 1))
        last += 1
    door.open()
    assert eventually(lambda: publisher.flush(1) == 0)
    publish(publisher, range(last, last + 1))
    assert publisher.close(30) == 0
    counts = publisher.stats()
    assert counts["dropped"] == last + 1 - counts["delivered"]
    assert counts["dropped"] == counts["dropped_spool_full"] + counts.get("dropped_memory_full", 0)
    assert_obeyed(policy, arrived(kafka, settings, counts["delivered"]), last, counts["dropped"])


def test_a_disk_that_has_room_again_is_used_again(settings: ProducerSettings, small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * (os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize))
    publisher = EventPublisher(replace(settings, spool_dir=small_disk))
    numbers = publish_until(publisher, lambda: waits_in_memory(publisher.stats()))
    ballast.unlink()
    assert eventually(lambda: sum(file.stat().st_size for file in small_disk.glob("*/events-0.sqlite-wal")) > 10_000)
    assert publisher.close(0) == numbers
    assert publisher.stats()["dropped"] == 0


def test_a_service_whose_files_may_not_grow_goes_on_and_loses_only_what_it_counts(
    kafka: KafkaSource, settings: ProducerSettings, door: Door, tmp_path: Path
) -> None:
    code = f"""
        import itertools, json, resource, sys
        from tasker_producer import EventPublisher
        from tasker_producer.delivery import memory
        memory.MAX_IN_MEMORY = {MEMORY}
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        publisher = EventPublisher()
        for number in itertools.count():
            publisher.publish_event("order.seen", {{"number": number}}, key="k")
            if publisher.stats()["dropped_spool_full"]:
                break
        print("the disk is full", flush=True)
        sys.stdin.readline()
        left = publisher.flush(60)
        publisher.publish_event("order.seen", {{"number": number + 1}}, key="k")
        print(json.dumps({{"left": left + publisher.close(30), "last": number + 1, **publisher.stats()}}), flush=True)
    """
    environ = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": door.address,
        "KAFKA_QUEUE_BUFFERING_MAX_MESSAGES": str(QUEUE),
        "KAFKA_RECONNECT_BACKOFF_MAX_MS": "200",
        "TASKER_TOPIC_PREFIX": settings.topic_prefix,
        "TASKER_SPOOL_DIR": str(tmp_path),
        "TASKER_SPOOL_FULL": "drop_newest",
    }
    command = [sys.executable, "-c", textwrap.dedent(code)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environ, **pipes) as service:  # type: ignore[call-overload]
        assert service.stdout.readline() == "the disk is full\n"
        door.open()
        counts = json.loads(service.communicate("go on\n", timeout=90)[0])
    assert (service.returncode, counts["left"]) == (0, 0)
    numbers = arrived(kafka, settings, counts["delivered"])
    assert numbers == sorted(set(numbers))
    assert counts["dropped"] == counts["last"] + 1 - len(numbers)
    assert counts["dropped"] == counts["dropped_spool_full"] + counts.get("dropped_memory_full", 0)
