"""Blocks are entered and left in any order, thread, task and generator; leaving one never raises because of us."""

import asyncio
import contextvars
import gc
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace

from tasker_producer import OnMisuse, ProducerSettings, UsageError, current_step, current_task
from tasker_producer.testing import RecordingPublisher

TASK_ENDS = {"task.completed", "task.failed", "task.cancelled"}


@pytest.fixture
def publisher() -> RecordingPublisher:
    return RecordingPublisher()


@pytest.fixture
def lenient() -> RecordingPublisher:
    return RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.LOG))


def names(publisher: RecordingPublisher) -> list[str]:
    return [event.name for event in publisher.events]


def nothing_is_current() -> bool:
    return current_task() is None and not trace.get_current_span().get_span_context().is_valid


def rows(publisher: RecordingPublisher, task_id: str) -> Iterator[int]:
    with publisher.task("order", task_id=task_id) as task, task.step("rows") as step:
        yield 1
        step.publish_event("row.sent", {})
        yield 2


def test_generators_that_take_turns_leave_nothing_current(publisher: RecordingPublisher) -> None:
    first, second = rows(publisher, "a"), rows(publisher, "b")
    next(first), next(second), next(first)
    assert [list(first), list(second)] == [[], [2]]
    assert [event.key for event in publisher.published("row.sent")] == ["a", "b"]
    assert [event.key for event in publisher.published("task.completed")] == ["a", "b"]
    assert nothing_is_current()


def test_a_generator_that_is_closed_early_cancels_its_task(publisher: RecordingPublisher) -> None:
    for _ in rows(publisher, "a"):
        break
    gc.collect()
    assert names(publisher)[-2:] == ["step.cancelled", "task.cancelled"]
    assert nothing_is_current()


def test_an_asynchronous_generator_left_by_break_ends_its_task(
    publisher: RecordingPublisher, caplog: pytest.LogCaptureFixture
) -> None:
    async def numbers() -> AsyncIterator[int]:
        with publisher.task("order", task_id=1):
            yield 1

    async def first_number() -> None:
        async for _ in numbers():
            break

    asyncio.run(first_number())
    assert names(publisher)[-1] == "task.cancelled"
    assert caplog.records == []


async def test_a_block_is_left_in_another_asyncio_task(publisher: RecordingPublisher) -> None:
    task = publisher.task("order", task_id=1)
    await asyncio.create_task(_call(task.__enter__))
    await asyncio.create_task(_call(lambda: task.__exit__(None, None, None)))
    assert names(publisher)[-1] == "task.completed"
    assert nothing_is_current()


async def _call(function: Callable[[], Any]) -> Any:
    return function()


def test_a_block_that_was_left_elsewhere_is_passed_over_where_it_was_entered(publisher: RecordingPublisher) -> None:
    task = publisher.task("order", task_id=1)
    with task:
        outside = contextvars.copy_context()
        step = task.step("pay")
        outside.run(step.__enter__)
        step.__exit__(None, None, None)
        assert outside.run(current_step) is None
        assert outside.run(current_task) is task
        outside.run(publisher.publish_event, "order.seen")
    assert publisher.assert_published("order.seen").trace == task.trace


def test_no_failure_to_detach_is_logged(publisher: RecordingPublisher, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    task = publisher.task("order", task_id=1)
    contextvars.copy_context().run(task.__enter__)
    thread = threading.Thread(target=task.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    assert names(publisher)[-1] == "task.completed"
    assert caplog.records == []


@pytest.mark.parametrize("field", [{"total_steps": "5"}, {"task_id": 1.5}])
def test_a_task_that_cannot_be_entered_leaves_nothing_behind(
    publisher: RecordingPublisher, field: dict[str, Any]
) -> None:
    with pytest.raises(UsageError), publisher.task("order", **field):
        pass
    assert nothing_is_current()


def test_a_step_that_cannot_be_entered_leaves_its_task_current(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task:
        with pytest.raises(UsageError), task.step("pay", retry_limit="3"):  # type: ignore[arg-type]
            pass
        assert (current_step(), current_task()) == (None, task)
    publisher.assert_published("task.completed", total_steps=0)


def test_in_production_wrong_arguments_of_blocks_are_left_out(lenient: RecordingPublisher) -> None:
    wrong: Any = "5"
    with lenient.task("order", task_id=1, total_steps=wrong) as task, task.step("pay", retry_limit=wrong):
        pass
    lenient.assert_published("task.completed", task_id="1", total_steps=1, completed_steps=1)
    assert lenient.stats()["misused"] == 3


def test_a_mistake_in_the_context_never_replaces_the_services_error(publisher: RecordingPublisher) -> None:
    task = publisher.task("order", task_id=1)
    step = task.step("pay")

    def fail() -> None:
        step.additional_context = ["no"]  # type: ignore[assignment]
        raise ValueError("real")

    with pytest.raises(ValueError, match="real"), task, step:
        fail()
    assert publisher.assert_published("step.failed", error_message="real").fields["attributes"] == {}
    assert publisher.stats()["misused"] == 1


def test_a_block_that_is_left_twice_ends_once(publisher: RecordingPublisher) -> None:
    task = publisher.task("order", task_id=1)
    with task:
        pass
    task.__exit__(None, None, None)
    assert names(publisher).count("task.completed") == 1


def test_an_open_block_that_is_entered_again_is_a_mistake(
    publisher: RecordingPublisher, lenient: RecordingPublisher
) -> None:
    with publisher.task("order", task_id=1) as task, pytest.raises(UsageError, match="entered again"):
        task.__enter__()
    with lenient.task("order", task_id=1) as task, task:
        pass
    assert names(publisher) == names(lenient)
    assert nothing_is_current()


async def test_blocks_are_asynchronous_context_managers_too(publisher: RecordingPublisher) -> None:
    async with publisher.task("order", task_id=1) as task, task.step("pay") as step:
        await asyncio.sleep(0)
        assert (current_task(), current_step()) == (task, step)
    assert names(publisher)[-2:] == ["step.completed", "task.completed"]


def test_a_bound_function_runs_inside_its_block_in_a_pool(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task, task.step("rows") as step, ThreadPoolExecutor(2) as pool:
        bound = step.bind(lambda number: publisher.publish_event("row.done", {"number": number}))
        list(pool.map(bound, range(2)))
        assert pool.submit(current_task).result() is None
    assert {event.trace.span for event in publisher.published("row.done")} == {step.trace.span}
    assert publisher.published("row.done", task_id="1", number=1)


async def test_a_bound_coroutine_runs_inside_its_block(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task:

        async def publish() -> None:
            await asyncio.sleep(0)
            publisher.publish_event("order.seen")

        bound = task.bind(publish)
    await bound()
    assert publisher.assert_published("order.seen", task_id="1").trace == task.trace


def test_what_cannot_be_called_cannot_be_bound(publisher: RecordingPublisher, lenient: RecordingPublisher) -> None:
    with pytest.raises(UsageError, match="a function is bound, not int"):
        publisher.task("order").bind(5)  # type: ignore[arg-type]
    assert lenient.task("order").bind(5) == 5  # type: ignore[arg-type, comparison-overlap]


Move = tuple[str, int, int]
MOVES = st.lists(
    st.tuples(st.sampled_from(["enter", "leave", "publish"]), st.integers(0, 5), st.integers(0, 2)), max_size=40
)


@given(MOVES)
def test_any_schedule_of_contexts_publishes_one_end_for_each_entered_block(moves: list[Move]) -> None:
    publisher = RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.LOG))
    contexts = [contextvars.copy_context() for _ in range(3)]
    tasks = [publisher.task("order", task_id=number) for number in range(6)]
    entered: set[int] = set()
    for move, number, where in moves:
        if move == "enter" and number not in entered:
            contexts[where].run(tasks[number].__enter__)
            entered.add(number)
        elif move == "leave":
            contexts[where].run(tasks[number].__exit__, None, None, None)
            entered.discard(number)
        else:
            contexts[where].run(publisher.publish_event, "order.seen")
    for number in sorted(entered):
        contexts[0].run(tasks[number].__exit__, None, None, None)
    starts = [event.key for event in publisher.published("task.start_requested")]
    assert sorted(starts) == sorted(event.key for event in publisher.events if event.name in TASK_ENDS)
    assert all(context.run(nothing_is_current) for context in contexts)
