"""What the engine overrides in Faust, or relies on in it: pinned, so that an upgrade that changes it fails here.

When a fingerprint differs, read the new source beside the override in `tasker_consumers/engine/faust`, run the
reliability tests, and only then take the new fingerprint.
"""

import asyncio
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.types import TP, ConsumerMessage

from tasker_consumers.engine import watch
from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.build import build_app
from tasker_consumers.engine.faust import fingerprints
from tasker_consumers.engine.faust.consumer import Run, RunConsumer
from tasker_consumers.engine.faust.fetch_thread import FETCH_WAIT_MS, RunConsumerThread
from tasker_consumers.engine.faust.fingerprints import FINGERPRINTS, fingerprint_of
from tasker_consumers.engine.faust.recovery import RunRecovery
from tasker_consumers.engine.flow.writer import DeadLetterTopic
from tasker_consumers.engine.preflight import Topology
from tasker_consumers.engine.settings import EngineSettings
from tasker_schemas.errors import BackendUnavailable, ConfigurationError
from tests.support.engine.counting import Counting
from tests.support.engine.values import StoredRecord

A0, B0 = TP("t.a", 0), TP("t.b", 0)
CHANGELOG = TP("t-counting-states-changelog", 0)

LETTERS = DeadLetterTopic(name="t.dlq", partitions=1, max_bytes=1 << 20)


def test_the_libraries_are_those_that_the_engine_was_written_against() -> None:
    assert [name for name, fingerprint in FINGERPRINTS.items() if fingerprint_of(name) != fingerprint] == []


def test_a_library_that_changed_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fingerprints.FINGERPRINTS, "aiokafka.client:AIOKafkaClient.send", "0123456789ab")
    monkeypatch.setitem(fingerprints.FINGERPRINTS, "faust.tables.recovery:Recovery.gone", "0123456789ab")
    with pytest.raises(ConfigurationError) as raised:
        fingerprints.check_libraries()
    assert str(raised.value) == (
        f"aiokafka {version('aiokafka')} differs from what this worker was written against (AIOKafkaClient.send); "
        f"faust-streaming {version('faust-streaming')} differs from what this worker was written against "
        "(Recovery.gone): install the versions that tasker-events asks for."
    )


@pytest.fixture
async def app() -> AsyncIterator[EngineApp]:
    """An application that is not started."""
    settings = EngineSettings(kafka={"bootstrap.servers": "127.0.0.1:1"}, store="memory", batch_size=3)
    app = build_app(Counting("t"), settings, Topology(1, LETTERS), Path("never-written"))
    acking: Any = app.topics
    acking._acking_topics.update({"t.a", "t.b"})
    try:
        yield app
    finally:
        consumer: Any = app.consumer
        consumer._thread.thread_loop.close()


@pytest.fixture
def consumer(app: EngineApp) -> RunConsumer:
    """The application's consumer, not started either."""
    assert isinstance(app.consumer, RunConsumer)
    return app.consumer


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


async def test_a_fetch_is_delivered_as_runs_of_limited_size(consumer: RunConsumer) -> None:
    fetch(consumer, {A0: stored(0, 1, 2, 5, 9)})
    messages = await delivered(consumer)
    assert [message.offset for message in messages] == [2, 9]
    assert [[r.offset for r in m.value.records] for m in messages] == [[0, 1, 2], [5, 9]]  # type: ignore[union-attr]


async def test_nothing_of_a_fetch_is_delivered_after_a_seek_or_a_stop_of_the_flow(consumer: RunConsumer) -> None:
    for change in (consumer._begin_epoch, consumer.stop_flow):
        fetch(consumer, {A0: stored(0, 1, 2, 3, 4, 5)})
        ways = consumer.getmany(1.0)
        assert (await anext(ways))[1].offset == 2
        change()
        with pytest.raises(StopAsyncIteration):
            await anext(ways)


async def test_a_seek_waits_for_the_fetch_under_way(consumer: RunConsumer) -> None:
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


def acked(consumer: RunConsumer, message: ConsumerMessage) -> None:
    assert consumer.ack(message)


async def test_an_offset_is_committed_when_its_run_and_all_before_are_acked(consumer: RunConsumer) -> None:
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


async def test_an_ack_from_before_a_seek_commits_nothing(consumer: RunConsumer) -> None:
    fetch(consumer, {A0: stored(0, 1, 2)})
    (stale,) = await delivered(consumer)
    consumer._begin_epoch()
    acked(consumer, stale)
    assert consumer._new_offset(A0) is None


async def test_neither_compacted_offsets_nor_replays_stop_a_run(consumer: RunConsumer) -> None:
    fetch(consumer, {A0: stored(1000)})
    consumer._read_offset[A0] = 5_000  # Faust would drop what is older than this
    await delivered(consumer)
    assert consumer._read_offset[A0] is None
    await consumer._add_gap(A0, 0, 10**9)
    assert not consumer._gap[A0]


async def test_a_full_queue_takes_no_partition_out_of_the_fetch(consumer: RunConsumer) -> None:
    consumer._set_active_tps({A0, B0})
    consumer.on_buffer_full(A0)
    consumer.on_buffer_drop(A0)
    assert consumer._get_active_partitions() == {A0, B0}


async def test_runs_in_work_are_settled_before_partitions_are_revoked(app: EngineApp, consumer: RunConsumer) -> None:
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


async def test_the_transport_uses_our_consumer_and_faust_calls_our_recovery(
    app: EngineApp, consumer: RunConsumer
) -> None:
    assert type(app.tables.recovery) is RunRecovery  # type: ignore[attr-defined]
    assert "_slurp_changelogs" in {
        task.fun.__name__
        for task in app.tables.recovery._get_tasks()  # type: ignore[attr-defined]
    }
    assert type(consumer._thread) is RunConsumerThread


async def test_recovery_applies_runs_of_this_epoch_and_moves_on(app: EngineApp, consumer: RunConsumer) -> None:
    recovery = app.tables.recovery  # type: ignore[attr-defined]
    recovery.add_active(app.table, CHANGELOG)
    for epoch, offset in ((consumer.epoch - 1, 50), (consumer.epoch, 7)):
        record = Aiokafka(key=b"k", value=b"v%d" % offset, offset=offset)
        message = consumer._run_message(CHANGELOG, Run(epoch, [record]))
        message.partition = 0
        recovery._apply(app.create_event(None, message.value, None, message))
    assert (app.table.store.reader(0)(b"k"), app.table.store.offset(0)) == (b"v7", 7)
    assert recovery.active_offsets[CHANGELOG] == 7


@pytest.mark.parametrize(("first", "end", "remaining"), [(0, 4, 0), (100, 100, 0), (0, 10, 4)])
async def test_recovery_does_not_wait_for_records_that_are_gone(
    first: int, end: int, remaining: int, app: EngineApp, consumer: RunConsumer
) -> None:
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


async def test_the_end_of_a_recovery_is_seen_also_by_who_asks_late(app: EngineApp) -> None:
    recovery = app.tables.recovery  # type: ignore[attr-defined]
    recovery._set_recovery_started()
    recovery._maybe_end()
    assert recovery.signal_recovery_end.is_set()
    recovery._set_recovery_started()
    assert not recovery.signal_recovery_end.is_set()


async def test_an_index_that_cannot_be_made_ends_the_worker_with_the_reason(
    app: EngineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Any) -> None:
        raise ArithmeticError("an index without an end")

    monkeypatch.setattr(app.table.indexing, "take", fail)
    with pytest.raises(ArithmeticError):
        await app.table.on_recovery_completed({CHANGELOG}, set())
    assert str(app.crash_reason) == "an index without an end"


async def test_writing_waits_until_the_group_has_heard_of_the_worker(app: EngineApp, consumer: RunConsumer) -> None:
    thread: Any = consumer._thread
    waiting = asyncio.ensure_future(app.may_write())  # the last heartbeat was long ago
    await asyncio.sleep(0.1)
    assert not waiting.done()
    thread.last_heartbeat = asyncio.get_running_loop().time()
    await waiting


async def test_a_worker_that_still_logs_in_is_not_given_up(
    consumer: RunConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "TICK_S", 0.01)
    monkeypatch.setattr(RunConsumer, "heartbeat_age", 1e6)
    quarantine = SimpleNamespace(log_pending=lambda: None)
    joining: Any = SimpleNamespace(started=True, consumer=consumer, quarantine=quarantine, broker_answered_at=0.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watch.watch_broker(joining, limit=60), timeout=0.2)
    with pytest.raises(BackendUnavailable, match="no broker has answered"):
        await watch.watch_broker(joining, limit=0.05)


async def test_the_thread_fetches_topics_at_one_pace_and_says_whether_there_is_more(
    consumer: RunConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[set[TP]]()

    async def fetched(_: Any, __: Any, tps: set[TP], *more: Any) -> dict[TP, list[Any]]:  # noqa: ARG001  Faust's
        asked.append(tps)
        ends = {A0: Aiokafka(offset=4, timestamp=200), B0: Aiokafka(offset=9, timestamp=100)}
        return {tp: [ends[tp]] for tp in tps & ends.keys()}

    class Client:
        _fetcher = type("Fetcher", (), {})()

        def highwater(self, tp: TP) -> int:
            return {A0: 5, B0: 11}[tp]

    monkeypatch.setattr(RunConsumerThread.__mro__[1], "_fetch_records", fetched)
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
