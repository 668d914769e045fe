"""The writer of results: changelog before store, all or nothing for a batch, and a dead letter for every record."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.engine.flow.batch_producer import ProducerRecord, RecordRefused
from tasker_consumers.engine.flow.dead_letters import SIZE
from tasker_consumers.engine.flow.quarantine import Burial
from tasker_consumers.engine.flow.writer import BatchResult, BatchWriter, DeadLetterTopic
from tasker_consumers.engine.state.memory_store import MemoryStore
from tasker_schemas.errors import BackendUnavailable, PoisonReason, PoisonRecord
from tests.support.engine.values import ListProducer, StoredRecord

CHANGELOG, OUTPUT, LETTERS = "changelog", "output", "letters"
ERROR = PoisonRecord(PoisonReason.MALFORMED, "cut off")


@dataclass
class GatedProducer(ListProducer):
    """Answers when its gate opens; a topic among `unavailable` has no broker."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    sending: asyncio.Event = field(default_factory=asyncio.Event)
    unavailable: set[str] = field(default_factory=set)

    async def send(self, topic: str, partition: int, records: Iterable[ProducerRecord]) -> int | None:
        self.sending.set()
        await self.gate.wait()
        if topic in self.unavailable:
            raise BackendUnavailable(f"no broker for {topic}")
        return await super().send(topic, partition, records)


class BatchRefusingProducer(ListProducer):
    """A broker that refuses a whole batch for one of its records."""

    async def send(self, topic: str, partition: int, records: Iterable[ProducerRecord]) -> int | None:
        batch = list(records)
        limit = self.limits[topic]
        if any(len(record.key or b"") + len(record.value or b"") > limit for record in batch):
            raise RecordRefused(topic, range(len(batch)), "too large")
        return await super().send(topic, partition, batch)


async def permit() -> None:
    """Permit every write."""


def writer_of(producer: ListProducer, may_write: Callable[[], Awaitable[None]] = permit) -> BatchWriter:
    return BatchWriter(
        store=MemoryStore(),
        producer=producer,
        changelog=CHANGELOG,
        dead_letters=DeadLetterTopic(name=LETTERS, partitions=2, max_bytes=1 << 20),
        may_write=may_write,
    )


def sent(producer: ListProducer, topic: str, partition: int = 0) -> list[tuple[bytes | None, bytes | None]]:
    return [(record.key, record.value) for record in producer.sent.get((topic, partition), [])]


async def test_entries_go_to_changelog_and_store_and_the_index_to_the_store_only() -> None:
    producer = ListProducer()
    writer = writer_of(producer)
    result = BatchResult(entries={b"a": b"1", b"b": None}, index={b"i": b"2"}, outputs={OUTPUT: {b"o": b"3"}})
    await writer.write(0, result)
    assert sent(producer, CHANGELOG) == [(b"a", b"1"), (b"b", None)]
    assert sent(producer, OUTPUT) == [(b"o", b"3")]
    assert dict(writer.store.scan(0, b"")) == {b"a": b"1", b"i": b"2"}
    assert writer.store.offset(0) == 1


@pytest.mark.parametrize("refusing", [CHANGELOG, OUTPUT])
async def test_after_a_refusal_store_and_changelog_hold_the_state_of_before(refusing: str) -> None:
    producer = ListProducer()
    writer = writer_of(producer)
    await writer.write(0, BatchResult(entries={b"a": b"1"}))
    producer.limits[refusing] = 5
    result = BatchResult(entries={b"a": b"2", b"b": b"x" * 9}, outputs={OUTPUT: {b"o": b"x" * 9}})
    with pytest.raises(RecordRefused, match=refusing):
        await writer.write(0, result)
    assert dict(writer.store.scan(0, b"")) == {b"a": b"1"}
    assert dict(sent(producer, CHANGELOG)) == {b"a": b"1", b"b": None}
    assert writer.store.offset(0) == len(sent(producer, CHANGELOG)) - 1


async def test_without_an_answer_of_the_broker_the_store_stays_behind() -> None:
    producer = GatedProducer(unavailable={OUTPUT})
    producer.gate.set()
    writer = writer_of(producer)
    with pytest.raises(BackendUnavailable, match="no broker for output"):
        await writer.write(0, BatchResult(entries={b"a": b"1"}, outputs={OUTPUT: {b"o": b"3"}}))
    assert (writer.store.reader(0)(b"a"), writer.store.offset(0)) == (None, None)


async def test_a_write_that_began_is_finished_when_its_caller_is_cancelled() -> None:
    producer = GatedProducer()
    writer = writer_of(producer)
    task = asyncio.ensure_future(writer.write(0, BatchResult(entries={b"a": b"1"})))
    await producer.sending.wait()
    task.cancel()
    assert writer.store.reader(0)(b"a") is None, "the changelog comes before the store"
    producer.gate.set()
    await asyncio.wait([task])
    assert (writer.store.reader(0)(b"a"), sent(producer, CHANGELOG)) == (b"1", [(b"a", b"1")])


CALLS: dict[str, Callable[[BatchWriter], Awaitable[object]]] = {
    "write": lambda writer: writer.write(0, BatchResult(entries={b"a": b"1"})),
    "emit": lambda writer: writer.emit(0, {OUTPUT: {b"o": b"1"}}),
    "bury": lambda writer: writer.bury(0, [Burial(StoredRecord(), ERROR)]),
}


@pytest.mark.parametrize("call", CALLS)
async def test_a_worker_that_has_lost_its_partition_sends_nothing(call: str) -> None:
    async def refuse() -> None:
        raise asyncio.CancelledError

    producer = ListProducer()
    writer = writer_of(producer, refuse)
    with pytest.raises(asyncio.CancelledError):
        await CALLS[call](writer)
    assert producer.sent == {}


async def test_each_topic_that_refuses_is_named_and_the_others_have_their_records() -> None:
    producer = ListProducer(limits={"small": 3, "smaller": 2})
    outputs = {topic: {b"key": b"value"} for topic in ("small", OUTPUT, "smaller")}
    refusals = await writer_of(producer).emit(0, {**outputs, "empty": {}})
    assert [refusal.topic for refusal in refusals] == ["small", "smaller"]
    assert sent(producer, OUTPUT) == [(b"key", b"value")]
    assert ("empty", 0) not in producer.sent


@given(st.lists(st.integers(0, 60), max_size=12), st.booleans())
async def test_every_record_is_buried_once_and_those_that_are_refused_as_pointers(
    sizes: list[int], batched: bool
) -> None:
    producer = BatchRefusingProducer(limits={LETTERS: 40}) if batched else ListProducer(limits={LETTERS: 40})
    burials = [Burial(StoredRecord(b"%d" % n, b"x" * size, offset=n), ERROR) for n, size in enumerate(sizes)]
    await writer_of(producer).bury(3, burials)
    letters = producer.sent.get((LETTERS, 1), [])
    assert sorted(letter.key or b"" for letter in letters) == sorted(b"%d" % n for n in range(len(sizes)))
    for letter in letters:
        key = letter.key or b""
        is_pointer = len(key) + sizes[int(key)] > 40
        assert (SIZE in dict(letter.headers), letter.value is None) == (is_pointer, is_pointer)
