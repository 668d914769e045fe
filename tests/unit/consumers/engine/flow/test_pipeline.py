"""What a run goes through, without Kafka: store in memory, producer a list."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tasker_consumers.engine.flow.pipeline import Pipeline
from tasker_consumers.engine.flow.writer import BatchWriter
from tasker_consumers.engine.metrics import EngineMetrics
from tasker_consumers.engine.processor import Effects, Record
from tasker_consumers.engine.state.store import MemoryStore
from tasker_schemas.errors import BackendUnavailable, PoisonReason, PoisonRecord
from tests.support.engine.counting import Counting, Number, State
from tests.support.engine.values import ListOutbox, StoredRecord

COUNTING = Counting("t")
CHANGELOG = "t-counting-states-changelog"


class Bench:
    """A pipeline with everything that can be looked at afterwards."""

    def __init__(self, processor: Counting = COUNTING) -> None:
        self.store, self.producer, self.metrics = MemoryStore(), ListOutbox(), EngineMetrics()
        self.pipeline: Pipeline[State, Number] = Pipeline(processor, self._writer(processor), self.metrics)

    def _writer(self, processor: Counting) -> BatchWriter:
        return BatchWriter(
            store=self.store,
            producer=self.producer,
            changelog=CHANGELOG,
            dead_letters=processor.dead_letters,
            dead_letter_partitions=2,
            may_write=lambda: asyncio.sleep(0),
        )

    def process(self, *values: bytes, key: bytes | None = b"k", partition: int = 1) -> None:
        run = [StoredRecord(key=key, value=value, partition=partition) for value in values]
        asyncio.run(self.pipeline.process(partition, run))

    def sent(self, topic: str, partition: int = 1) -> list[tuple[bytes | None, bytes | None]]:
        return [(record.key, record.value) for record in self.producer.sent.get((topic, partition), [])]


def test_a_run_is_folded_once_for_each_key_and_written_everywhere() -> None:
    bench = Bench()
    bench.process(b"1:10", b"2:20", b"1:10")
    assert bench.store.reader(1)(b"k") == b'{"1": 10, "2": 20}'
    assert bench.sent(CHANGELOG) == [(b"k", b'{"1": 10, "2": 20}')]
    assert bench.sent("t.counts") == [(b"k", b"2:30")]
    assert bench.store.offset(1) == 0


def test_a_run_that_changes_nothing_is_written_and_emitted_again() -> None:
    bench = Bench()
    bench.process(b"1:10")
    bench.process(b"1:10")
    assert len(bench.sent(CHANGELOG)) == len(bench.sent("t.counts")) == 2


def test_states_go_on_from_what_is_stored_in_their_partition() -> None:
    bench = Bench()
    bench.process(b"1:10")
    bench.process(b"2:20")
    bench.process(b"3:30", partition=2)
    assert bench.sent("t.counts", 1)[-1] == (b"k", b"2:30")
    assert bench.sent("t.counts", 2) == [(b"k", b"1:30")]


def test_poison_goes_to_a_partition_the_dead_letters_have_and_is_counted_by_reason() -> None:
    bench = Bench()
    bench.process(b"1:10", b"rubbish", b"2:20", partition=3)
    assert bench.sent("t.dlq", 1) == [(b"k", b"rubbish")]
    assert bench.sent("t.counts", 3) == [(b"k", b"2:30")]
    labels = {"topic": "t.a", "reason": "malformed"}
    assert bench.metrics.registry.get_sample_value("tasker_engine_poison_records_total", labels) == 1


def test_a_run_of_nothing_but_poison_touches_no_state() -> None:
    bench = Bench()
    bench.process(b"1:10", key=None)
    assert bench.sent("t.dlq") == [(None, b"1:10")]
    assert bench.sent(CHANGELOG) == bench.sent("t.counts") == []


def test_a_revisit_writes_only_what_is_due() -> None:
    bench = Bench(Counting("t", expire=True))
    bench.process(b"1:10")
    for now in (5, 6):
        asyncio.run(bench.pipeline.revisit(1, [b"k", b"gone"], now))
    assert bench.sent("t.counts")[1:] == [(b"k", b"2:15")]


def test_a_reaction_that_raises_leaves_store_and_topics_as_they_were() -> None:
    class Refusing(Counting):
        async def effects_of(self, partition: int, touched: dict[bytes, State]) -> Effects:
            raise ArithmeticError(partition, len(touched))

    bench = Bench(Refusing("t"))
    with pytest.raises(ArithmeticError):
        bench.process(b"1:10")
    assert bench.store.reader(1)(b"k") is None
    assert bench.producer.sent == {}


def test_a_long_run_lets_the_event_loop_breathe() -> None:
    bench, breaths = Bench(), list[int]()

    async def scenario() -> None:
        run = [StoredRecord(key=b"%d" % (n % 100), value=b"%d:1" % n) for n in range(20_000)]
        work = asyncio.ensure_future(bench.pipeline.process(1, run))
        while not work.done():
            await asyncio.sleep(0)
            breaths.append(1)

    asyncio.run(scenario())
    assert len(breaths) > 3


@dataclass(frozen=True)
class Asking(Counting):
    """Counts numbers whose meaning it asks somebody."""

    ask: Callable[[], None] = lambda: None

    def decode(self, record: Record) -> Number:
        self.ask()
        return super().decode(record)


def test_a_run_is_held_until_what_its_records_need_is_back() -> None:
    answers = iter([BackendUnavailable("away"), BackendUnavailable("away"), None, None])
    bench = Bench(Asking("t", ask=lambda: raised(next(answers))))
    bench.process(b"1:10", b"2:20")
    assert bench.sent("t.counts") == [(b"k", b"2:30")]
    assert bench.sent("t.dlq") == []


def test_a_record_that_was_held_can_still_turn_out_to_be_poison() -> None:
    answers = iter([BackendUnavailable("away"), PoisonRecord(PoisonReason.UNKNOWN_SCHEMA, "id 7")])
    bench = Bench(Asking("t", ask=lambda: raised(next(answers))))
    bench.process(b"1:10")
    assert bench.sent("t.dlq") == [(b"k", b"1:10")]


def test_the_event_loop_goes_on_while_somebody_is_asked_again() -> None:
    away, asked, answered = iter([BackendUnavailable("away")]), threading.Event(), threading.Event()

    def ask() -> None:
        raised(next(away, None))
        asked.set()
        assert answered.wait(10), "the loop stood still"

    async def answer() -> None:
        run = asyncio.create_task(bench.pipeline.process(1, [StoredRecord(key=b"k", value=b"1:10")]))
        await asyncio.to_thread(asked.wait, 10)
        answered.set()
        await run

    bench = Bench(Asking("t", ask=ask))
    asyncio.run(answer())
    assert bench.sent("t.counts") == [(b"k", b"1:10")]


def raised(error: Exception | None) -> None:
    """Raise an error, if it is one."""
    if error is not None:
        raise error
