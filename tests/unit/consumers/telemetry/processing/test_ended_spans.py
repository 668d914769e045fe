"""Spans that a batch of touched tasks lets go, and the times of those that wait."""

from tasker_consumers.telemetry.core.state import Overdue, TaskState
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.processing.ended_spans import ended_spans, wake_times
from tasker_consumers.telemetry.spans.attributes import ABANDONED
from tests.support.telemetry.histories import SECOND, TASK, folded, order

KEY, WAITING = TASK.encode(), Policy(grace_s=60.0)


def tasks(state: TaskState) -> dict[bytes, TaskState]:
    return {KEY: state}


async def test_a_complete_task_lets_go_all_of_its_spans_at_once() -> None:
    state = folded(order())
    spans = await ended_spans(tasks(state), Policy(), 5 * SECOND, lambda _: None)
    assert len(spans) == 6
    assert state.head.seen_at == 5 * SECOND
    assert await ended_spans(tasks(state), Policy(), 6 * SECOND, lambda _: None) == []


async def test_spans_that_wait_tell_when_they_are_due() -> None:
    state = folded(order())
    assert await ended_spans(tasks(state), WAITING, 5 * SECOND, lambda _: None) == []
    assert wake_times(tasks(state), WAITING) == {KEY: 65 * SECOND}
    assert len(await ended_spans(tasks(state), WAITING, 65 * SECOND, lambda _: None)) == 6
    assert wake_times(tasks(state), WAITING) == {}


async def test_an_overdue_task_is_settled() -> None:
    state = folded(order()[:2])
    state.overdue = Overdue.ABANDON
    (root,) = await ended_spans(tasks(state), Policy(), SECOND, lambda _: None)
    assert root.attributes[ABANDONED] is True


async def test_late_events_are_counted() -> None:
    late: list[int] = []
    state = folded(order()[:2])
    state.head.late += 3
    await ended_spans(tasks(state), Policy(), SECOND, late.append)
    assert late == [3]
