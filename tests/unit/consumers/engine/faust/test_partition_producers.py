"""The next owner of a partition ends the writing of all former owners, on a real Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerEpoch, ProducerFenced
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.embedded.ports import free_ports
from tasker_consumers.engine.faust import partition_producers
from tasker_consumers.engine.faust.partition_producers import FENCE, PartitionProducers
from tasker_consumers.engine.flow.batch_producer import ProducerRecord, RecordRefused
from tasker_schemas.errors import BackendUnavailable
from tests.support.kafka.network_proxy import NetworkProxy
from tests.support.processes import eventually


class Host:
    """What the producers need of a worker."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
        self.heard = asyncio.Event()
        self.heard.set()
        self.revoked = asyncio.Event()
        self.restored = list[int]()

    def kafka_producer(self) -> Any:
        return self.producer

    def new_producer(self) -> Any:
        return AIOKafkaProducer(bootstrap_servers=self.bootstrap, enable_idempotence=True)

    async def may_write(self) -> None:
        await self.heard.wait()

    async def sleep_unless_closing(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.revoked.wait(), seconds)
        return self.revoked.is_set()

    def restore(self, partition: int) -> None:
        self.restored.append(partition)
        self.revoked.set()


@pytest.fixture
def topics(admin: AdminClient, topic_prefix: str) -> list[str]:
    names = [f"{topic_prefix}-changelog", f"{topic_prefix}.output"]
    created = admin.create_topics([NewTopic(name, 2, 1, config={"max.message.bytes": "100000"}) for name in names])
    for future in created.values():
        future.result()
    return names


@pytest.fixture
async def owners(
    kafka: KafkaSource, topics: list[str], topic_prefix: str
) -> AsyncIterator[tuple[PartitionProducers, PartitionProducers]]:
    """Two workers that both take themselves for the owner of what they open."""
    hosts = [Host(kafka.bootstrap_servers) for _ in range(2)]
    owners = [PartitionProducers(host, topic_prefix, topics[0], topics[1:], 30.0) for host in hosts]
    for host in hosts:
        await host.producer.start()
        host.revoked.set()
    yield owners[0], owners[1]
    for host, owner in zip(hosts, owners, strict=True):
        host.heard.set()
        owner.abandon()
        await owner.close()
        await host.producer.stop()


Owners = tuple[PartitionProducers, PartitionProducers]


def record(text: str, size: int = 0) -> list[ProducerRecord]:
    return [ProducerRecord(b"key", text.encode() + bytes(size))]


async def test_an_epoch_begins_with_a_record_of_its_own_in_the_changelog(owners: Owners, topics: list[str]) -> None:
    first, _ = owners
    assert await first.open([0, 1]) == {0: 0, 1: 0}
    assert await first.send(topics[0], 0, record("a")) == 1
    assert await first.open([0]) == {0: 2}
    assert FENCE.startswith(b"\0\0")


async def test_a_former_owner_can_write_into_no_changelog(owners: Owners, topics: list[str]) -> None:
    former, owner = owners
    await former.open([0, 1])
    await owner.open([0])
    with pytest.raises(BackendUnavailable) as raised:
        await former.send(topics[0], 0, record("late"))
    assert isinstance(raised.value.__cause__, ProducerFenced | InvalidProducerEpoch)
    assert await former.send(topics[0], 1, record("still its own")) == 1
    assert await owner.send(topics[0], 0, record("next")) == 2


async def test_an_owner_whose_epoch_was_ended_late_asks_the_group(
    owners: Owners, topics: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partition_producers, "_TOLD_WITHIN_S", 0.01)
    owner, late = owners
    host: Any = owner._host
    host.revoked.clear()
    await owner.open([0, 1])
    await late.open([1])
    with pytest.raises(BackendUnavailable):
        await owner.send(topics[0], 1, record("refused"))
    assert host.restored == [1]
    assert await owner.open([0, 1]) == {0: 1, 1: 2}


async def test_an_output_is_closed_by_the_new_owner_s_first_record(owners: Owners, topics: list[str]) -> None:
    former, owner = owners
    await former.open([0])
    await owner.open([0])
    assert await former.send(topics[1], 0, record("early enough")) == 0
    assert await owner.send(topics[1], 0, record("first")) == 1
    with pytest.raises(BackendUnavailable):
        await former.send(topics[1], 0, record("late"))


async def test_tries_wait_until_the_group_has_heard_of_the_worker(owners: Owners, topics: list[str]) -> None:
    former, owner = owners
    await former.open([0])
    host: Any = former._host
    host.heard.clear()
    late = asyncio.ensure_future(former.send(topics[0], 0, record("late")))
    assert await owner.open([0]) == {0: 1}
    assert not late.done()
    host.heard.set()
    with pytest.raises(BackendUnavailable):
        await late


async def test_a_write_that_is_given_up_ends_at_once_and_is_not_sent_later(owners: Owners, topics: list[str]) -> None:
    former, owner = owners
    await former.open([0])
    host: Any = former._host
    host.heard.clear()
    late = asyncio.ensure_future(former.send(topics[0], 0, record("late")))
    await asyncio.sleep(0)
    former.abandon()
    with pytest.raises(BackendUnavailable, match="given up"):
        await late
    host.heard.set()
    await former.close()
    assert await owner.open([0]) == {0: 1}


async def test_a_record_that_a_topic_refuses_stops_none_behind_it(owners: Owners, topics: list[str]) -> None:
    owner, _ = owners
    await owner.open([0])
    batches = [*record("small"), *record("large", 600_000), *record("small"), *record("large", 600_000)]
    with pytest.raises(RecordRefused) as raised:
        await owner.send(topics[0], 0, batches)
    assert set(raised.value.positions) >= {1, 3}
    assert await owner.send(topics[0], 0, record("small")) in (1, 2, 3)


async def test_a_write_that_failed_is_followed_by_another_epoch_unless_somebody_else_began_one(
    owners: Owners, topics: list[str]
) -> None:
    former, owner = owners
    await former.open([0, 1])
    for partition in (0, 1):
        former._open[partition].has_gap = True
    assert await former.send(topics[0], 1, record("in the next epoch")) == 2
    await owner.open([0])
    with pytest.raises(BackendUnavailable):
        await former.send(topics[0], 0, record("late"))
    assert await owner.send(topics[0], 0, record("its own")) == 2


async def test_an_epoch_is_renewed_before_kafka_forgets_it(
    owners: Owners, topics: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, _ = owners
    await owner.open([0])
    await owner.renew(0)
    assert await owner.send(topics[0], 0, record("a")) == 1
    monkeypatch.setattr(partition_producers, "RENEWED_AFTER_S", -1.0)
    await owner.renew(0)
    assert await owner.send(topics[0], 0, record("b")) == 3


async def test_a_partition_that_is_not_held_is_not_written(owners: Owners, topics: list[str]) -> None:
    owner, _ = owners
    with pytest.raises(BackendUnavailable, match="not this worker's"):
        await owner.send(topics[0], 0, record("a"))


async def test_a_network_that_stumbles_while_a_partition_is_opened_only_delays_it(
    owners: Owners, kafka: KafkaSource, caplog: pytest.LogCaptureFixture
) -> None:
    (port,), (_, _, broker) = free_ports(1), kafka.bootstrap_servers.partition(":")
    owners[0]._host.bootstrap = f"127.0.0.1:{port}"  # type: ignore[attr-defined]
    opening = asyncio.create_task(owners[0].open([0]))
    assert await asyncio.to_thread(eventually, lambda: any(str(port) in each.getMessage() for each in caplog.records))
    with NetworkProxy(port, int(broker)):
        assert await opening == {0: 0}
