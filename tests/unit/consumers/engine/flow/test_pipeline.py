"""What a run goes through, without Kafka: store in memory, producer a list."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tasker_consumers.engine.flow.pipeline import Pipeline
from tasker_consumers.engine.flow.quarantine import Quarantine, QuarantineOverflow
from tasker_consumers.engine.flow.writer import BatchWriter, DeadLetterTopic
from tasker_consumers.engine.metrics import EngineMetrics
from tasker_consumers.engine.processor import Effects, Record
from tasker_consumers.engine.state.memory_store import MemoryStore
from tasker_schemas.errors import BackendUnavailable, PoisonReason, PoisonRecord
from tests.support.engine.counting import LARGE_OUTPUT, LARGE_STATE, STAGES, Counting, Number, State
from tests.support.engine.values import ListProducer, StoredRecord
from tests.support.processes import LIMIT_S

COUNTING = Counting("t")
CHANGELOG = "t-counting-states-changelog"


class Bench:
    """A pipeline with everything that can be looked at afterwards."""

    def __init__(self, processor: Counting = COUNTING, limit: int = 100) -> None:
        self.store, self.producer, self.metrics = MemoryStore(), ListProducer(), EngineMetrics()
        self.pipeline: Pipeline[State, Number] = Pipeline(
            processor, self._writer(processor), self.metrics, Quarantine(limit)
        )

    def _writer(self, processor: Counting) -> BatchWriter:
        return BatchWriter(
            store=self.store,
            producer=self.producer,
            changelog=CHANGELOG,
            dead_letters=DeadLetterTopic(name=processor.dead_letters, partitions=2, max_bytes=1 << 20),
            may_write=lambda: asyncio.sleep(0),
        )

    async def process(self, *values: bytes, key: bytes | None = b"k", partition: int = 1) -> None:
        run = [StoredRecord(key=key, value=value, partition=partition) for value in values]
        await self.pipeline.process(partition, run)

    def sent(self, topic: str, partition: int = 1) -> list[tuple[bytes | None, bytes | None]]:
        return [(record.key, record.value) for record in self.producer.sent.get((topic, partition), [])]


async def test_a_run_is_folded_once_for_each_key_and_written_everywhere() -> None:
    bench = Bench()
    await bench.process(b"1:10", b"2:20", b"1:10")
    assert bench.store.reader(1)(b"k") == b'{"1": 10, "2": 20}'
    assert bench.sent(CHANGELOG) == [(b"k", b'{"1": 10, "2": 20}')]
    assert bench.sent("t.counts") == [(b"k", b"2:30")]
    assert bench.store.offset(1) == 0


async def test_a_run_that_changes_nothing_is_written_and_emitted_again() -> None:
    bench = Bench()
    await bench.process(b"1:10")
    await bench.process(b"1:10")
    assert len(bench.sent(CHANGELOG)) == len(bench.sent("t.counts")) == 2


async def test_states_go_on_from_what_is_stored_in_their_partition() -> None:
    bench = Bench()
    await bench.process(b"1:10")
    await bench.process(b"2:20")
    await bench.process(b"3:30", partition=2)
    assert bench.sent("t.counts", 1)[-1] == (b"k", b"2:30")
    assert bench.sent("t.counts", 2) == [(b"k", b"1:30")]


async def test_poison_goes_to_a_partition_the_dead_letters_have_and_is_counted_by_reason() -> None:
    bench = Bench()
    await bench.process(b"1:10", b"rubbish", b"2:20", partition=3)
    assert bench.sent("t.dlq", 1) == [(b"k", b"rubbish")]
    assert bench.sent("t.counts", 3) == [(b"k", b"2:30")]
    labels = {"topic": "t.a", "reason": "malformed"}
    assert bench.metrics.registry.get_sample_value("tasker_engine_poison_records_total", labels) == 1


async def test_a_run_of_nothing_but_poison_touches_no_state() -> None:
    bench = Bench()
    await bench.process(b"1:10", key=None)
    assert bench.sent("t.dlq") == [(None, b"1:10")]
    assert bench.sent(CHANGELOG) == bench.sent("t.counts") == []


async def test_a_revisit_writes_only_what_is_due() -> None:
    bench = Bench(Counting("t", expire=True))
    await bench.process(b"1:10")
    for now in (5, 6):
        await bench.pipeline.revisit(1, [b"k", b"gone"], now)
    assert bench.sent("t.counts")[1:] == [(b"k", b"2:15")]


def numbers(count: int, *, keys: int = 4) -> list[StoredRecord]:
    return [StoredRecord(key=b"k%d" % (n % keys), value=b"%d:1" % n, offset=n) for n in range(count)]


@pytest.mark.parametrize("stage", STAGES)
async def test_a_record_that_fails_in_any_stage_is_buried_alone_and_all_others_are_folded(stage: str) -> None:
    bench = Bench(Counting("t", fails_in=stage, fatal=13))
    bench.producer.limits = {CHANGELOG: LARGE_STATE, "t.counts": LARGE_OUTPUT}
    await bench.pipeline.process(1, numbers(40))
    assert bench.sent("t.dlq") == [(b"k1", b"13:1")]
    expected = {b"k%d" % k: {n: 1 for n in range(k, 40, 4) if n != 13} for k in range(4)}
    states = {key: COUNTING.load(key, bench.store.reader(1)) for key in expected}
    assert states == expected
    assert dict(bench.sent(CHANGELOG)) == {key: COUNTING.dump(key, state)[key] for key, state in expected.items()}


async def test_a_record_that_fails_is_counted_by_its_reason() -> None:
    bench = Bench(Counting("t", fails_in="effects", fatal=1))
    await bench.process(b"1:10", b"2:20")
    labels = {"topic": "t.a", "reason": "processing_failed"}
    assert bench.metrics.registry.get_sample_value("tasker_engine_poison_records_total", labels) == 1
    assert bench.metrics.registry.get_sample_value("tasker_engine_records_total", {"partition": "1"}) == 1


@pytest.mark.parametrize("fault", [BackendUnavailable("no broker"), OSError("no space left"), Exception("IO error")])
async def test_a_fault_that_is_not_the_records_ends_the_worker_and_buries_nothing(fault: Exception) -> None:
    class Refusing(Counting):
        async def effects_of(self, partition: int, touched: dict[bytes, State]) -> Effects:  # noqa: ARG002
            raise fault

    bench = Bench(Refusing("t"))
    with pytest.raises(type(fault)):
        await bench.process(b"1:10")
    assert (bench.store.reader(1)(b"k"), bench.producer.sent) == (None, {})


async def test_more_failing_tasks_than_the_limit_end_the_worker_and_name_the_last() -> None:
    class Refusing(Counting):
        def fold(self, state: State | None, event: Number) -> State:
            raise TypeError(state, event.id)

    bench = Bench(Refusing("t"), limit=3)
    with pytest.raises(QuarantineOverflow, match=r"TASKER_QUARANTINE_LIMIT.*t\.a/1/3, key 'k3': .*TypeError"):
        await bench.pipeline.process(1, numbers(4))
    assert bench.sent("t.dlq") == []


async def test_many_failures_of_one_task_do_not_end_the_worker() -> None:
    class Refusing(Counting):
        def fold(self, state: State | None, event: Number) -> State:
            if event.value == 7:
                raise TypeError(event.id)
            return super().fold(state, event)

    bench = Bench(Refusing("t"), limit=1)
    await bench.process(*(b"%d:7" % n for n in range(50)), b"50:1")
    assert (len(bench.sent("t.dlq")), bench.store.reader(1)(b"k")) == (50, b'{"50": 1}')


async def test_a_stored_state_that_fails_is_left_alone_and_the_others_are_asked() -> None:
    bench = Bench(Counting("t", expire=True, fails_in="is_due", fatal=0))
    await bench.pipeline.process(1, numbers(4))
    for _ in range(2):
        await bench.pipeline.revisit(1, [b"k0", b"k1", b"k2", b"k3"], 5)
    assert bench.sent("t.counts")[4:] == [(b"k1", b"2:6"), (b"k2", b"2:6"), (b"k3", b"2:6")]
    assert bench.metrics.registry.get_sample_value("tasker_engine_failed_states_total") == 1


async def test_a_long_run_lets_the_event_loop_breathe() -> None:
    bench, breaths = Bench(), list[int]()
    run = [StoredRecord(key=b"%d" % (n % 100), value=b"%d:1" % n) for n in range(20_000)]
    work = asyncio.ensure_future(bench.pipeline.process(1, run))
    while not work.done():
        await asyncio.sleep(0)
        breaths.append(1)
    assert len(breaths) > 3


@dataclass(frozen=True)
class Asking(Counting):
    """Counts numbers whose meaning it asks somebody."""

    ask: Callable[[], None] = lambda: None

    def decode(self, record: Record) -> Number:
        self.ask()
        return super().decode(record)


async def test_a_run_is_held_until_what_its_records_need_is_back() -> None:
    answers = iter([BackendUnavailable("away"), BackendUnavailable("away"), None, None])
    bench = Bench(Asking("t", ask=lambda: raised(next(answers))))
    await bench.process(b"1:10", b"2:20")
    assert bench.sent("t.counts") == [(b"k", b"2:30")]
    assert bench.sent("t.dlq") == []


async def test_a_record_that_was_held_can_still_turn_out_to_be_poison() -> None:
    answers = iter([BackendUnavailable("away"), PoisonRecord(PoisonReason.UNKNOWN_SCHEMA, "id 7")])
    bench = Bench(Asking("t", ask=lambda: raised(next(answers))))
    await bench.process(b"1:10")
    assert bench.sent("t.dlq") == [(b"k", b"1:10")]


async def test_the_event_loop_goes_on_while_somebody_is_asked_again() -> None:
    away, asked, answered = iter([BackendUnavailable("away")]), threading.Event(), threading.Event()

    def ask() -> None:
        raised(next(away, None))
        asked.set()
        assert answered.wait(LIMIT_S), "the loop stood still"

    bench = Bench(Asking("t", ask=ask))
    run = asyncio.create_task(bench.pipeline.process(1, [StoredRecord(key=b"k", value=b"1:10")]))
    await asyncio.to_thread(asked.wait, 10)
    answered.set()
    await run
    assert bench.sent("t.counts") == [(b"k", b"1:10")]


def raised(error: Exception | None) -> None:
    """Raise an error, if it is one."""
    if error is not None:
        raise error
