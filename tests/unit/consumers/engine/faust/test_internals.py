"""What the engine overrides in Faust, or relies on in it: pinned, so that an upgrade that changes it fails here.

When a fingerprint differs, read the new source beside the override in `tasker_consumers/engine`, run the reliability
tests, and only then take the new fingerprint.
"""

import asyncio
import hashlib
import importlib
import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from faust.types import TP, ConsumerMessage

from tasker_consumers.engine.app import EngineApp, build_app
from tasker_consumers.engine.faust.consumer import Run, RunConsumer
from tasker_consumers.engine.faust.fetch_thread import FETCH_WAIT_MS, RunConsumerThread
from tasker_consumers.engine.faust.recovery import RunRecovery
from tasker_consumers.engine.flow.writer import DeadLetterTopic
from tasker_consumers.engine.preflight import Topology
from tasker_consumers.engine.settings import EngineSettings
from tests.support.engine.counting import Counting
from tests.support.engine.values import StoredRecord

FINGERPRINTS = {
    "faust.transport.consumer:Consumer.getmany": "4b168d84882a",
    "faust.transport.consumer:Consumer._wait_next_records": "6218e1969a63",
    "faust.transport.consumer:Consumer._drain_messages": "44a2500309e8",
    "faust.transport.consumer:Consumer._new_offset": "1d2c7ea89a7a",
    "faust.transport.consumer:Consumer._add_gap": "4df2573ded7c",
    "faust.transport.consumer:Consumer._commit_tps": "a20e230b05ae",
    "faust.transport.consumer:Consumer.ack": "5fcf41cf4515",
    "faust.transport.consumer:Consumer.on_buffer_full": "c8961679e0bc",
    "faust.transport.consumer:Consumer.on_buffer_drop": "4b57e8a418d5",
    "faust.transport.consumer:Consumer.on_partitions_revoked": "d04b7ae72c6f",
    "faust.transport.consumer:Consumer.perform_seek": "0e8c130ff4b0",
    "faust.transport.consumer:Consumer.stop_flow": "cf7e875a2b0d",
    "faust.transport.consumer:Consumer.resume_flow": "db59630f25b5",
    "faust.transport.consumer:Consumer.verify_event_path": "aead7dc3d8dc",
    "faust.transport.consumer:ThreadDelegateConsumer.seek_wait": "e9db5bbc4ceb",
    "faust.transport.consumer:ConsumerThread.on_partitions_assigned": "e59e8dda4372",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_worker_consumer": "c2701bfc3e6f",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records": "39a2c6c79fc1",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._seek_wait": "9d221e816d94",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.on_start": "38b4e8bd1e10",
    "faust.transport.drivers.aiokafka:Consumer._new_consumer_thread": "0870ec53dea7",
    "faust.transport.drivers.aiokafka:Producer._ensure_producer": "5592a4bbdf25",
    "faust.transport.conductor:ConductorCompiler.build": "837cf521368c",
    "faust.serializers.schemas:Schema.compile": "d46eec5ce319",
    "faust.assignor.partition_assignor:PartitionAssignor.on_assignment": "72f34bf053d6",
    "faust.assignor.partition_assignor:PartitionAssignor.tables_metadata": "1d69c8fd9c62",
    "faust.assignor.partition_assignor:PartitionAssignor._get_changelog_distribution": "dd376e80a45b",
    "faust.assignor.partition_assignor:PartitionAssignor._protocol_assignments": "e231e876d04a",
    "faust.tables.base:Collection.apply_changelog_batch": "b980a78d3ae9",
    "faust.tables.base:Collection.on_start": "daddcc354ad0",
    "faust.tables.base:Collection.on_rebalance": "0812ad692171",
    "faust.tables.base:Collection.on_recovery_completed": "b1526fb39ea0",
    "faust.tables.base:Collection.persisted_offset": "d473d3ab3fd6",
    "faust.tables.manager:TableManager.on_rebalance": "2d2c23a07bf5",
    "faust.tables.recovery:Recovery._build_offsets": "27eec86be06c",
    "faust.tables.recovery:Recovery._restart_recovery": "6bd8a8558a2d",
    "faust.tables.recovery:Recovery._set_recovery_started": "bcfebf81ae13",
    "faust.tables.recovery:Recovery._slurp_changelogs": "7825c7e50f76",
    "faust.tables.recovery:Recovery.flush_buffers": "6fa9c17f1071",
    "faust.tables.recovery:Recovery.need_recovery": "fd1dc345b5d5",
    "faust.tables.recovery:Recovery.on_recovery_completed": "6ef567acf072",
    "faust.app.base:App._on_partitions_assigned": "de932b7927db",
    "faust.app.base:App._on_partitions_revoked": "d5c895bbe57d",
    "faust.app.base:App._stop_consumer": "55854a5de12c",
    "mode.utils.queues:FlowControlEvent.resume": "4dcdc1253fd0",
    "aiokafka.consumer.fetcher:FetchResult.getall": "3e717e30de50",
    "aiokafka.consumer.fetcher:Fetcher._fetch_requests_routine": "2a8ec5932644",
    "aiokafka.consumer.fetcher:PartitionRecords.__next__": "63ac34a08c30",
    "aiokafka.consumer.fetcher:Fetcher.fetched_records": "be4348896b9b",
    "aiokafka.consumer.fetcher:Fetcher._get_actions_per_node": "1dab2cf937d1",
    "aiokafka.consumer.fetcher:Fetcher._proc_fetch_request": "59bf948fff47",
    "aiokafka.consumer.fetcher:PartitionRecords.__init__": "8ec1c2ae6ea1",
    "aiokafka.consumer.fetcher:PartitionRecords._unpack_records": "b803e6d46480",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._do_heartbeat": "dc1d6632aaa6",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._heartbeat_routine": "61d010289522",
    "aiokafka.consumer.group_coordinator:GroupCoordinator.ensure_active_group": "33c84c1a9301",
    "faust.tables.recovery:Recovery._build_highwaters": "91b4cc0d3724",
    "faust.tables.recovery:Recovery._wait": "ec7429b70176",
    "faust.tables.recovery:Recovery.add_active": "033aae28e4dc",
    "faust.tables.recovery:Recovery._add": "1584a197b11b",
    "faust.transport.drivers.aiokafka:Producer._settings_default": "9c39987fb719",
    "aiokafka.producer.producer:AIOKafkaProducer.start": "bae900a5e83a",
    "aiokafka.producer.producer:AIOKafkaProducer.stop": "43ef97147111",
    "aiokafka.producer.sender:Sender._maybe_wait_for_pid": "577189636b56",
    "aiokafka.producer.sender:Sender.close": "f60b3d023d25",
    "aiokafka.producer.sender:SendProduceReqHandler.do": "2dccd3d56b16",
    "aiokafka.producer.sender:SendProduceReqHandler._can_retry": "7ff5d491d977",
    "aiokafka.producer.sender:SendProduceReqHandler.handle_response": "850323cc8f77",
    "aiokafka.producer.transaction_manager:TransactionManager.set_pid_and_epoch": "1e174622d40d",
    "aiokafka.client:AIOKafkaClient.send": "246b277687d7",
    "aiokafka.producer.producer:AIOKafkaProducer.send_batch": "bf42b0f0c5c0",
    "aiokafka.producer.message_accumulator:BatchBuilder.append": "657d76f55157",
}
A0, B0 = TP("t.a", 0), TP("t.b", 0)
CHANGELOG = TP("t-counting-states-changelog", 0)


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_source_that_the_engine_was_written_against_is_unchanged(name: str) -> None:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = inspect.getattr_static(found, part)
    source = inspect.getsource(getattr(found, "fun", found))
    assert hashlib.sha256(source.encode()).hexdigest()[:12] == FINGERPRINTS[name]


LETTERS = DeadLetterTopic(name="t.dlq", partitions=1, max_bytes=1 << 20)

Scenario = Callable[[EngineApp, RunConsumer], Awaitable[None]]


def with_consumer(scenario: Scenario) -> None:
    """Run a scenario with an application and its consumer, neither of them started."""

    async def run() -> None:
        settings = EngineSettings(kafka={"bootstrap.servers": "127.0.0.1:1"}, store="memory", batch_size=3)
        app = build_app(
            Counting("t"),
            settings,
            Topology(1, LETTERS),
            Path("never-written"),
        )
        consumer = app.consumer
        assert isinstance(consumer, RunConsumer)
        acking: Any = app.topics
        acking._acking_topics.update({"t.a", "t.b"})
        try:
            await asyncio.wait_for(scenario(app, consumer), 10)
        finally:
            thread: Any = consumer._thread
            thread.thread_loop.close()

    asyncio.run(run())


def fetch(consumer: RunConsumer, records: dict[TP, list[Any]]) -> None:
    """Make the next fetch return these."""

    async def fetched(timeout: float) -> tuple[dict[TP, list[Any]], set[TP]]:  # noqa: ASYNC109  Faust's signature
        assert timeout < 1
        return records, set(records)

    consumer._wait_next_records = fetched  # type: ignore[method-assign]
    consumer._set_active_tps(set(records))


def stored(*offsets: int) -> list[Any]:
    return [Aiokafka(offset=offset) for offset in offsets]


class Aiokafka(StoredRecord):
    """The rest of aiokafka's ConsumerRecord, which Faust looks at."""

    timestamp_type = 0
    checksum = None
    serialized_key_size = serialized_value_size = 0


async def delivered(consumer: RunConsumer) -> list[ConsumerMessage]:
    return [message async for _, message in consumer.getmany(1.0)]


def test_a_fetch_is_delivered_as_runs_of_limited_size() -> None:
    async def scenario(_: EngineApp, consumer: RunConsumer) -> None:
        fetch(consumer, {A0: stored(0, 1, 2, 5, 9)})
        messages = await delivered(consumer)
        assert [message.offset for message in messages] == [2, 9]
        assert [[r.offset for r in m.value.records] for m in messages] == [[0, 1, 2], [5, 9]]  # type: ignore[union-attr]

    with_consumer(scenario)


def test_nothing_of_a_fetch_is_delivered_after_a_seek_or_a_stop_of_the_flow() -> None:
    async def scenario(_: EngineApp, consumer: RunConsumer) -> None:
        for change in (consumer._begin_epoch, consumer.stop_flow):
            fetch(consumer, {A0: stored(0, 1, 2, 3, 4, 5)})
            ways = consumer.getmany(1.0)
            assert (await anext(ways))[1].offset == 2
            change()
            with pytest.raises(StopAsyncIteration):
                await anext(ways)

    with_consumer(scenario)


def test_a_seek_waits_for_the_fetch_under_way() -> None:
    async def scenario(_: EngineApp, consumer: RunConsumer) -> None:
        fetching, gate = asyncio.Event(), asyncio.Event()

        async def fetched(timeout: float) -> tuple[dict[TP, list[Any]], set[TP]]:  # noqa: ASYNC109  Faust's signature
            assert timeout < 1
            fetching.set()
            await gate.wait()
            return {A0: stored(0)}, {A0}

        fetch(consumer, {A0: []})
        consumer._wait_next_records = fetched  # type: ignore[method-assign]
        reading = asyncio.ensure_future(delivered(consumer))
        await fetching.wait()
        seeking = asyncio.ensure_future(consumer.seek_wait({}))
        await asyncio.sleep(0)
        assert consumer.epoch == 0
        gate.set()
        run: Any = (await reading)[0].value
        assert run.epoch == 0
        seeking.cancel()

    with_consumer(scenario)


def acked(consumer: RunConsumer, message: ConsumerMessage) -> None:
    assert consumer.ack(message)


def test_an_offset_is_committed_when_its_run_and_all_before_are_acked() -> None:
    async def scenario(_: EngineApp, consumer: RunConsumer) -> None:
        fetch(consumer, {A0: stored(10, 11, 12, 20, 21, 22, 30)})
        first, second, third = await delivered(consumer)
        acked(consumer, second)
        assert consumer._new_offset(A0) is None
        acked(consumer, first)
        assert consumer._new_offset(A0) == 23
        assert consumer._new_offset(A0) is None
        acked(consumer, third)
        assert consumer._new_offset(A0) == 31
        assert consumer._acked[A0] == []

    with_consumer(scenario)


def test_an_ack_from_before_a_seek_commits_nothing() -> None:
    async def scenario(_: EngineApp, consumer: RunConsumer) -> None:
        fetch(consumer, {A0: stored(0, 1, 2)})
        (stale,) = await delivered(consumer)
        consumer._begin_epoch()
        acked(consumer, stale)
        assert consumer._new_offset(A0) is None

    with_consumer(scenario)


def test_neither_compacted_offsets_nor_replays_stop_a_run() -> None:
    async def scenario(_: EngineApp, consumer: RunConsumer) -> None:
        fetch(consumer, {A0: stored(1000)})
        consumer._read_offset[A0] = 5_000  # Faust would drop what is older than this
        await delivered(consumer)
        assert consumer._read_offset[A0] is None
        await consumer._add_gap(A0, 0, 10**9)
        assert not consumer._gap[A0]

    with_consumer(scenario)


def test_a_full_queue_takes_no_partition_out_of_the_fetch() -> None:
    async def scenario(_: EngineApp, consumer: RunConsumer) -> None:
        consumer._set_active_tps({A0, B0})
        consumer.on_buffer_full(A0)
        consumer.on_buffer_drop(A0)
        assert consumer._get_active_partitions() == {A0, B0}

    with_consumer(scenario)


def test_runs_in_work_are_settled_before_partitions_are_revoked() -> None:
    async def scenario(app: EngineApp, consumer: RunConsumer) -> None:
        order = list[str]()

        async def settle() -> None:
            order.append("settled")

        async def revoked(_: set[TP]) -> None:
            order.append("revoked")

        app.settle = settle  # type: ignore[method-assign]
        consumer._on_partitions_revoked = revoked
        fetch(consumer, {A0: stored(1)})
        await delivered(consumer)
        await consumer.on_partitions_revoked({A0})
        assert (order, dict(consumer._runs)) == (["settled", "revoked"], {})

    with_consumer(scenario)


def test_the_transport_uses_our_consumer_and_faust_calls_our_recovery() -> None:
    async def scenario(app: EngineApp, consumer: RunConsumer) -> None:
        assert type(app.tables.recovery) is RunRecovery  # type: ignore[attr-defined]
        assert "_slurp_changelogs" in {task.fun.__name__ for task in app.tables.recovery._get_tasks()}  # type: ignore[attr-defined]
        assert type(consumer._thread) is RunConsumerThread

    with_consumer(scenario)


def test_recovery_applies_runs_of_this_epoch_and_moves_on() -> None:
    async def scenario(app: EngineApp, consumer: RunConsumer) -> None:
        recovery = app.tables.recovery  # type: ignore[attr-defined]
        recovery.add_active(app.table, CHANGELOG)
        for epoch, offset in ((consumer.epoch - 1, 50), (consumer.epoch, 7)):
            record = Aiokafka(key=b"k", value=b"v%d" % offset, offset=offset)
            message = consumer._run_message(CHANGELOG, Run(epoch, [record]))
            message.partition = 0
            recovery._apply(app.create_event(None, message.value, None, message))
        assert (app.table.store.reader(0)(b"k"), app.table.store.offset(0)) == (b"v7", 7)
        assert recovery.active_offsets[CHANGELOG] == 7

    with_consumer(scenario)


@pytest.mark.parametrize(("first", "end", "remaining"), [(0, 4, 0), (100, 100, 0), (0, 10, 4)])
def test_recovery_does_not_wait_for_records_that_are_gone(first: int, end: int, remaining: int) -> None:
    async def scenario(app: EngineApp, consumer: RunConsumer) -> None:
        async def earliest(*tps: TP) -> dict[TP, int]:
            return dict.fromkeys(tps, first)

        async def highest(*tps: TP) -> dict[TP, int]:
            return dict.fromkeys(tps, end)

        consumer.earliest_offsets, consumer.highwaters = earliest, highest  # type: ignore[method-assign]
        recovery = app.tables.recovery  # type: ignore[attr-defined]
        recovery.add_active(app.table, CHANGELOG)
        recovery.active_highwaters[CHANGELOG], recovery.active_offsets[CHANGELOG] = 9, 5
        await recovery._look_up_bounds()
        assert recovery.need_recovery() == (remaining > 0)

    with_consumer(scenario)


def test_the_end_of_a_recovery_is_seen_also_by_who_asks_late() -> None:
    async def scenario(app: EngineApp, _: RunConsumer) -> None:
        recovery = app.tables.recovery  # type: ignore[attr-defined]
        recovery._set_recovery_started()
        recovery._maybe_end()
        assert recovery.signal_recovery_end.is_set()
        recovery._set_recovery_started()
        assert not recovery.signal_recovery_end.is_set()

    with_consumer(scenario)


def test_writing_waits_until_the_group_has_heard_of_the_worker() -> None:
    async def scenario(app: EngineApp, consumer: RunConsumer) -> None:
        thread: Any = consumer._thread
        waiting = asyncio.ensure_future(app.may_write())  # the last heartbeat was long ago
        await asyncio.sleep(0.1)
        assert not waiting.done()
        thread.last_heartbeat = asyncio.get_running_loop().time()
        await waiting

    with_consumer(scenario)


def test_the_thread_fetches_topics_at_one_pace_and_says_whether_there_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[set[TP]]()

    async def fetched(_: Any, __: Any, tps: set[TP], *more: Any) -> dict[TP, list[Any]]:  # noqa: ARG001  Faust's
        asked.append(tps)
        ends = {A0: Aiokafka(offset=4, timestamp=200), B0: Aiokafka(offset=9, timestamp=100)}
        return {tp: [ends[tp]] for tp in tps & ends.keys()}

    class Client:
        _fetcher = type("Fetcher", (), {})()

        def highwater(self, tp: TP) -> int:
            return {A0: 5, B0: 11}[tp]

    async def scenario(_: EngineApp, consumer: RunConsumer) -> None:
        thread: Any = consumer._thread
        await thread._fetch_records(Client(), {A0, B0})
        await thread._fetch_records(Client(), {A0, B0})
        assert asked == [{A0, B0}, {B0}]
        assert (thread.pace.has_more(A0), thread.pace.has_more(B0)) == (False, True)
        fetcher: Any = Client._fetcher
        sources, in_a_backlog = fetcher._max_partition_fetch_bytes, fetcher._fetch_max_wait_ms
        assert in_a_backlog == fetcher._fetcher_timeout * 1000 < FETCH_WAIT_MS
        await thread._fetch_records(Client(), {CHANGELOG})
        assert (fetcher._max_partition_fetch_bytes > sources, fetcher._fetch_max_wait_ms) == (True, FETCH_WAIT_MS)
        fetch(consumer, {A0: stored(4), B0: stored(9)})
        assert [cast("Run", message.value).more for message in await delivered(consumer)] == [False, True]

    monkeypatch.setattr(RunConsumerThread.__mro__[1], "_fetch_records", fetched)
    with_consumer(scenario)
