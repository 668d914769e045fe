"""A restore waits for nobody longer than it may: not for a rebalance, and not for a broker that is away."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError, TopicAuthorizationFailedError
from faust.tables.recovery import RebalanceAgain

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.faust import recovery as module
from tasker_consumers.engine.faust.recovery import RunRecovery
from tasker_schemas.errors import BackendUnavailable
from tests.support.processes import LIMIT_S
from tests.unit.consumers.engine.faust.test_internals import app

__all__ = ["app"]


@pytest.fixture
async def recovery(app: EngineApp, monkeypatch: pytest.MonkeyPatch) -> RunRecovery:
    """The recovery of a worker that has just got its partitions."""
    monkeypatch.setattr(module, "_RETRY_S", 0.01)
    app.consumer_generation_id = 1
    recovery: RunRecovery = app.tables.recovery  # type: ignore[attr-defined]
    await recovery.on_rebalance(set(), set(), set(), 1)
    recovery.signal_recovery_start.clear()
    return recovery


async def raising(error: Exception) -> None:
    raise error


async def test_a_step_ends_when_the_partitions_are_taken_away(recovery: RunRecovery) -> None:
    step = asyncio.ensure_future(asyncio.sleep(LIMIT_S))
    waiting = asyncio.ensure_future(recovery._wait(step, timeout=LIMIT_S))
    await asyncio.sleep(0)
    recovery.interrupt()
    with pytest.raises(RebalanceAgain):
        await waiting
    assert step.cancelled()
    assert recovery.interrupted
    assert not recovery.signal_recovery_start.is_set()


async def test_no_step_begins_before_partitions_are_assigned_again(recovery: RunRecovery) -> None:
    recovery.interrupt()
    with pytest.raises(RebalanceAgain):
        await recovery._wait(asyncio.sleep(0), timeout=LIMIT_S)
    await recovery.on_rebalance(set(), set(), set(), 1)
    recovery.signal_recovery_start.clear()
    await recovery._wait(asyncio.sleep(0), timeout=LIMIT_S)


@pytest.mark.parametrize("step", [lambda: asyncio.sleep(LIMIT_S), lambda: raising(KafkaTimeoutError())])
async def test_a_step_that_kafka_does_not_answer_begins_the_restore_anew_until_the_limit(
    recovery: RunRecovery, app: EngineApp, step: Any
) -> None:
    coroutine: Coroutine[Any, Any, None] = step()
    with pytest.raises(RebalanceAgain):
        await recovery._wait(coroutine, timeout=0.01)
    assert recovery.signal_recovery_start.is_set()
    recovery.signal_recovery_start.clear()
    app.broker_timeout = 0.0
    with pytest.raises(BackendUnavailable, match="Kafka did not answer for"):
        await recovery._wait(step(), timeout=0.01)


async def test_an_error_that_does_not_pass_is_no_silence(recovery: RunRecovery) -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        await recovery._wait(raising(TopicAuthorizationFailedError()), timeout=LIMIT_S)
