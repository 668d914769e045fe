"""Tasks and steps as `with` blocks: what the code does is what is published."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState

from tasker_producer import UsageError
from tasker_producer.settings import OnMisuse, ProducerSettings
from tasker_producer.testing import RecordingPublisher
from tasker_schemas.headers import DERIVED_FLAGS, SpanRef
from tasker_schemas.identity import step_span_id, task_span_id, trace_id_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.fixture
def publisher() -> RecordingPublisher:
    return RecordingPublisher()


def names(publisher: RecordingPublisher) -> list[str]:
    return [event.name for event in publisher.events]


def ambient(flags: int = 1) -> context.Context:
    outside = SpanContext(
        int(TRACE, 16),
        int(SPAN, 16),
        is_remote=True,
        trace_flags=TraceFlags(flags),
        trace_state=TraceState([("v", "1")]),
    )
    return baggage.set_baggage("tenant", "t1", trace.set_span_in_context(NonRecordingSpan(outside)))


def test_a_task_with_a_step_tells_its_whole_life(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1, total_steps=1, context={"a": 1}) as task, task.step("fetch") as step:
        step.results = {"items": 3}
    assert names(publisher) == [
        "task.initialize_requested",
        "task.start_requested",
        "step.handle",
        "step.completed",
        "task.completed",
    ]
    publisher.assert_published("task.completed", total_steps=1, completed_steps=1, failed_steps=0, pending_steps=0)
    publisher.assert_published("step.completed", step_results='{"items":3}', step_id="fetch")


@pytest.mark.parametrize("limit", [600, 600.0, timedelta(minutes=10)])
def test_a_task_tells_at_its_start_how_long_it_may_be_silent(publisher: RecordingPublisher, limit: Any) -> None:
    with publisher.task("order", task_id=1, silence_limit=limit, additional_context={"region": "eu"}):
        pass
    for name in ("task.initialize_requested", "task.start_requested"):
        publisher.assert_published(name, attributes={"silence_limit_seconds": 600.0, "region": "eu"})
    publisher.assert_published("task.completed", attributes={"region": "eu"})


def test_a_decorated_task_has_a_limit_of_silence_too(publisher: RecordingPublisher) -> None:
    publisher.traced_task("order", silence_limit=600)(lambda: None)()
    publisher.assert_published("task.start_requested", attributes={"silence_limit_seconds": 600.0})


@pytest.mark.parametrize("limit", [0, -1, "soon", float("nan"), True, object()])
def test_a_limit_of_silence_that_is_no_number_of_seconds_is_a_mistake(limit: Any) -> None:
    with pytest.raises(UsageError, match="silence_limit: seconds above 0 are expected; got a value of type "):
        RecordingPublisher().task("order", task_id=1, silence_limit=limit)
    lenient = RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.LOG))
    with lenient.task("order", task_id=1, silence_limit=limit):
        pass
    assert not lenient.assert_published("task.start_requested").fields["attributes"]
    assert lenient.stats()["misused"] == 1


def test_an_exception_fails_step_and_task_and_goes_on(publisher: RecordingPublisher) -> None:
    with pytest.raises(TimeoutError), publisher.task("order", task_id=1) as task, task.step("pay", step_id="s"):
        raise TimeoutError("password=hunter2")
    failed = publisher.assert_published("step.failed", error_class="TimeoutError", error_message="password=[FILTERED]")
    assert failed.fields["backtrace"][-1].endswith("in test_an_exception_fails_step_and_task_and_goes_on")
    publisher.assert_published("task.failed", error_steps=["s"], failed_steps=1)


def test_a_retried_step_counts_its_attempts_and_ends_well(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task:
        with pytest.raises(TimeoutError), task.step("pay", retry_limit=3) as step:
            raise TimeoutError
        assert step.retry("timeout", backoff_strategy="exponential", backoff_seconds=1) == 2
        with task.step("pay", retry_limit=3):
            pass
    publisher.assert_published("step.retry_requested", attempt_number=2, previous_attempts=1)
    publisher.assert_published("step.completed", attempt_number=2)
    publisher.assert_published("task.completed", completed_steps=1, failed_steps=0)


def test_each_attempt_has_a_span_of_its_own_below_the_task(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task:
        for _ in range(2):
            with task.step("pay"):
                pass
    spans = [event.trace.span for event in publisher.published("step.handle")]
    assert spans == [SpanRef(trace_id_of("1"), step_span_id("1", "pay", attempt), DERIVED_FLAGS) for attempt in (1, 2)]
    assert {event.trace.parent for event in publisher.published("step.handle")} == {task.trace.span}


def test_durations_are_measured_while_times_are_told(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task, task.step("pay"):
        pass
    fields = publisher.assert_published("step.completed").fields
    assert fields["started_at"] <= fields["completed_at"] == fields["timestamp"]
    assert fields["execution_duration"] > 0


async def test_a_cancelled_coroutine_cancels_its_step_and_task(publisher: RecordingPublisher) -> None:
    async def order() -> None:
        with publisher.task("order", task_id=1) as task, task.step("wait"):
            await asyncio.Event().wait()

    running = asyncio.create_task(order())
    await asyncio.sleep(0)
    running.cancel("shutdown")
    await asyncio.gather(running, return_exceptions=True)
    assert names(publisher)[-2:] == ["step.cancelled", "task.cancelled"]
    publisher.assert_published("step.cancelled", cancellation_reason="shutdown")


async def test_tasks_in_concurrent_coroutines_do_not_mix(publisher: RecordingPublisher) -> None:
    async def order(number: int) -> None:
        with publisher.task("order", task_id=number) as task, task.step("fetch"):
            await asyncio.sleep(0)
            publisher.publish_event("order.seen", {"number": number})

    await asyncio.gather(*(order(number) for number in range(10)))
    seen = publisher.published("order.seen")
    assert [event.key for event in seen] == [str(event.fields["attributes"]["number"]) for event in seen]


def test_the_ambient_span_becomes_the_tasks_parent_with_its_state() -> None:
    publisher = RecordingPublisher(ProducerSettings(baggage_keys=frozenset({"tenant"})))
    token = context.attach(ambient(flags=0))
    try:
        with publisher.task("order", task_id=1):
            pass
    finally:
        context.detach(token)
    place = publisher.assert_published("task.completed").trace
    assert place.span == SpanRef(TRACE, task_span_id("1"), 0)
    assert place.parent == SpanRef(TRACE, SPAN, 0)
    assert (place.tracestate, place.baggage) == ("v=1", "tenant=t1")


def test_inside_a_step_its_span_is_the_current_context(publisher: RecordingPublisher) -> None:
    before = trace.get_current_span()
    with publisher.task("order", task_id=1) as task, task.step("pay") as step:
        inside = trace.get_current_span().get_span_context()
        assert step.trace.span == SpanRef(f"{inside.trace_id:032x}", f"{inside.span_id:016x}", DERIVED_FLAGS)
    assert trace.get_current_span() is before


def test_a_task_created_inside_a_step_belongs_below_it(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task, task.step("pay") as step, publisher.task("refund", task_id=2):
        pass
    assert publisher.assert_published("task.completed", task_id="2").trace.parent == step.trace.span


def test_events_inside_a_block_belong_to_it_without_being_told(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1, correlation_id="c") as task, task.step("pay") as step:
        publisher.publish_event("order.paid")
        publisher.publish_step_event("step.before_handle")
    for name in ("order.paid", "step.before_handle"):
        event = publisher.assert_published(name, task_id="1", task_name="order", correlation_id="c")
        assert event.trace.span == step.trace.span


def test_events_about_another_task_keep_out_of_the_block(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1):
        publisher.publish_task_event("task.cancelled", task_id=2)
    event = publisher.assert_published("task.cancelled", task_id="2", task_name=None)
    assert event.trace.span == SpanRef(trace_id_of("2"), task_span_id("2"), DERIVED_FLAGS)


def test_another_process_goes_on_with_the_task_by_its_carrier(publisher: RecordingPublisher) -> None:
    token = context.attach(ambient())
    try:
        with publisher.task("order", task_id=1, complete=False, correlation_id="c", total_steps=2) as task:
            carrier = task.carrier()
    finally:
        context.detach(token)
    with publisher.resume_task(carrier, final=True) as resumed, resumed.step("ship"):
        assert resumed.trace == task.trace
    assert names(publisher)[2:] == ["step.handle", "step.completed", "task.completed"]
    completed = publisher.assert_published("task.completed", correlation_id="c", total_steps=2, completed_steps=None)
    assert completed.fields["started_at"] == publisher.assert_published("task.start_requested").fields["started_at"]


def test_a_resumed_task_that_is_not_final_only_fails(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1, complete=False) as task:
        carrier = task.carrier()
    with publisher.resume_task(carrier):
        pass
    publisher.assert_not_published("task.completed")
    with pytest.raises(KeyError), publisher.resume_task(carrier):
        raise KeyError
    publisher.assert_published("task.failed", error_class="KeyError")


def test_a_carrier_with_a_broken_trace_falls_back_to_derived_ids(publisher: RecordingPublisher) -> None:
    carrier = {"Tasker-Task-Id": "1", "traceparent": "garbage", "baggage": "tenant=t1"}
    with publisher.resume_task(carrier) as task:
        assert task.trace.span == SpanRef(trace_id_of("1"), task_span_id("1"), DERIVED_FLAGS)
        assert baggage.get_baggage("tenant") == "t1"


def test_a_carrier_without_a_task_is_the_callers_mistake(publisher: RecordingPublisher) -> None:
    with pytest.raises(UsageError, match="tasker-task-id"):
        publisher.resume_task({"traceparent": "00-" + TRACE + "-" + SPAN + "-01"})


def test_a_task_without_an_id_gets_one_of_its_own(publisher: RecordingPublisher) -> None:
    for _ in range(2):
        with publisher.task("order"):
            pass
    assert len({event.key for event in publisher.events}) == 2
