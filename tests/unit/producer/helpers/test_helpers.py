"""Tasker's helpers by name, the payload builder, the mixin, the decorators, registered events."""

import asyncio
import inspect
from typing import Any

import pytest

from tasker_producer import (
    EventPayloadBuilder,
    EventPublisher,
    EventPublisherMixin,
    ProducerSettings,
    StepEvents,
    TaskEvents,
    UsageError,
    WorkflowEvents,
)
from tasker_producer.helpers.tasker_names import TaskerHelpers
from tasker_producer.testing import RecordingDelivery, RecordingPublisher
from tasker_schemas.names import RESERVED_NAMES

STEP = {"id": "s1", "name": "fetch_cart", "attempts": 1, "retry_limit": 3, "task": {"id": 42, "name": "order"}}
T0 = 1_700_000_000_000_000
HELPERS = sorted(
    name
    for name, _ in inspect.getmembers(EventPublisher, inspect.isfunction)
    if name.startswith("publish_") and not name.endswith("_event") and name not in vars(TaskerHelpers)
)


def gateway() -> bytes:
    raise TimeoutError("gateway")


@pytest.fixture
def publisher() -> RecordingPublisher:
    return RecordingPublisher()


def test_every_event_of_the_catalogue_has_one_helper(publisher: RecordingPublisher) -> None:
    for name in HELPERS:
        getattr(publisher, name)(**{"task_id": 42, **({"step_id": "s1"} if "publish_step" in name else {})})
    assert sorted(event.name for event in publisher.events) == sorted(RESERVED_NAMES)


def test_an_error_fills_class_message_and_backtrace(publisher: RecordingPublisher) -> None:
    with pytest.raises(TimeoutError) as caught:
        int.from_bytes(gateway(), "big")
    publisher.publish_step_failed(STEP, error=caught.value)
    publisher.publish_task_failed({"id": 42}, error=caught.value, error_steps=["s1"])
    for name in ("step.failed", "task.failed"):
        assert publisher.assert_published(name, error_class="TimeoutError", error_message="gateway").fields["backtrace"]


def test_a_workflow_helper_names_the_task_and_carries_its_fields(publisher: RecordingPublisher) -> None:
    publisher.publish_viable_steps_discovered({"id": 42}, step_ids=["a"], step_count=1, processing_mode="concurrent")
    publisher.assert_published(WorkflowEvents.VIABLE_STEPS_DISCOVERED, task_id="42", step_ids=["a"], step_count=1)


def test_a_workflow_event_without_fields_takes_any_context(publisher: RecordingPublisher) -> None:
    publisher.publish_orchestration_requested({"id": 42}, reason="new", queue="fast")
    publisher.assert_published(WorkflowEvents.ORCHESTRATION_REQUESTED, reason="new", queue="fast")


def test_an_observability_helper_knows_the_step_it_is_about(publisher: RecordingPublisher) -> None:
    publisher.publish_observability_step_backoff(step=STEP, backoff_seconds=2, backoff_type="exponential")
    publisher.assert_published("observability.step.backoff", task_id="42", step_id="s1", backoff_seconds=2.0)


def test_a_task_waits_by_an_event_of_its_own_with_or_without_a_block(publisher: RecordingPublisher) -> None:
    publisher.publish_task_waiting({"id": 42}, waiting_for="approval", until=T0, silence_limit=60)
    attributes = {"waiting_for": "approval", "waiting_until": "2023-11-14T22:13:20+00:00", "silence_limit_seconds": 60}
    publisher.assert_published("observability.task.waiting", task_id="42", attributes=attributes)


def test_a_step_waits_by_its_attempt_and_keeps_the_callers_attributes(publisher: RecordingPublisher) -> None:
    publisher.publish_step_waiting(STEP, waiting_for="timer", additional_context={"region": "eu"})
    same = {"task_id": "42", "step_id": "s1", "attempt_number": 1}
    attributes = {"waiting_for": "timer", "region": "eu"}
    publisher.assert_published("observability.step.waiting", attributes=attributes, **same)


def test_a_built_step_payload_has_taskers_fields_and_can_be_published(publisher: RecordingPublisher) -> None:
    step = {**STEP, "started_at": 0, "completed_at": 2_340_000, "execution_duration": 2.34}
    payload = EventPayloadBuilder.build_step_payload(StepEvents.COMPLETED, step, additional_context={"count": 3})
    expected = {"task_id", "step_id", "step_name", "started_at", "completed_at", "execution_duration"}
    assert expected | {"attempt_number", "retry_limit", "event_type", "timestamp"} <= payload.keys()
    assert payload["completed_at"] == "1970-01-01T00:00:02.340000+00:00"
    publisher.publish_event(StepEvents.COMPLETED, payload)
    publisher.assert_published("step.completed", completed_at=2_340_000, event_type="completed", count=3)


def test_a_built_error_payload_tells_the_whole_error(publisher: RecordingPublisher) -> None:
    payload = EventPayloadBuilder.build_error_payload(ValueError("no"), STEP)
    assert (payload["error_class"], payload["error_message"], payload["event_type"]) == ("ValueError", "no", "failed")
    publisher.publish_event(StepEvents.FAILED, payload)
    publisher.assert_published("step.failed", error_class="ValueError")


def test_task_and_orchestration_payloads_can_be_published_too(publisher: RecordingPublisher) -> None:
    task = {"id": 42, "name": "order", "total_steps": 5, "completed_steps": 5, "failed_steps": 0}
    publisher.publish_event(TaskEvents.COMPLETED, EventPayloadBuilder.build_task_payload(TaskEvents.COMPLETED, task))
    publisher.assert_published("task.completed", total_steps=5, completed_steps=5)
    payload = EventPayloadBuilder.build_orchestration_payload(WorkflowEvents.NO_VIABLE_STEPS, task, reason="done")
    publisher.publish_event(WorkflowEvents.NO_VIABLE_STEPS, payload)
    publisher.assert_published("workflow.no_viable_steps", task_id="42", reason="done")


def test_a_handler_class_publishes_through_the_mixin(publisher: RecordingPublisher) -> None:
    class Handler(EventPublisherMixin):
        event_publisher = publisher

        def handle(self, step: Any) -> None:
            self.publish_step_handle(step)
            self.publish_event("order.payment_processed", {"order_id": 7})

    Handler().handle(STEP)
    publisher.assert_published("step.handle", step_id="s1")
    publisher.assert_published("order.payment_processed", order_id=7)


def test_decorated_functions_are_tasks_and_steps(publisher: RecordingPublisher) -> None:
    @publisher.traced_step(retry_limit=3)
    def charge(amount: int) -> dict[str, int]:
        return {"charged": amount}

    @publisher.traced_task("order", task_id=lambda order_id: order_id)
    def order(order_id: int) -> dict[str, int]:
        return charge(order_id * 2)

    assert order(21) == {"charged": 42}
    publisher.assert_published("step.completed", task_id="21", step_id="charge", step_results='{"charged":42}')
    publisher.assert_published("task.completed", task_id="21", task_name="order", completed_steps=1)


async def test_decorated_coroutines_are_tasks_and_steps(publisher: RecordingPublisher) -> None:
    @publisher.traced_step(step_id=lambda name: f"fetch-{name}")
    async def fetch(name: str) -> None:
        await asyncio.sleep(0)
        if name == "b":
            raise KeyError(name)

    @publisher.traced_task()
    async def order() -> None:
        await fetch("a")
        await fetch("b")

    with pytest.raises(KeyError):
        await order()
    publisher.assert_published("step.completed", step_id="fetch-a")
    publisher.assert_published("task.failed", task_name="order", error_steps=["fetch-b"])


def test_a_step_outside_of_any_task_is_the_callers_mistake(publisher: RecordingPublisher) -> None:
    with pytest.raises(UsageError, match="'charge' runs outside of a task"):
        publisher.traced_step("charge")(lambda: None)()


def test_a_generator_cannot_be_a_task(publisher: RecordingPublisher) -> None:
    def rows() -> Any:
        yield 1

    with pytest.raises(UsageError, match="is a generator"):
        publisher.traced_task()(rows)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"note": "x"}, "amount is missing"),
        ({"amount": "much"}, r"amount is int \| float, not str"),
        ({"amount": True}, r"amount is int \| float, not bool"),
        ({"amount": 1, "notes": "x"}, "no attribute 'notes'"),
        (None, "amount is missing"),
    ],
)
def test_a_payload_that_breaks_its_registration_is_refused(
    publisher: RecordingPublisher, payload: Any, message: str
) -> None:
    publisher.register_event("order.paid", "Money has arrived", {"amount": int | float, "note": str | None})
    with pytest.raises(UsageError, match=message):
        publisher.publish_event("order.paid", payload)
    assert publisher.events == []


def test_a_registered_event_that_fits_is_published(publisher: RecordingPublisher) -> None:
    publisher.register_event("order.paid", "Money has arrived", {"amount": int | float, "note": str | None})
    publisher.publish_event("order.paid", {"amount": 1.5, "task_id": 42})
    publisher.assert_published("order.paid", amount=1.5, task_id="42")
    assert [event.description for event in publisher.registered_events()] == ["Money has arrived"]


def test_names_of_the_catalogue_cannot_be_registered(publisher: RecordingPublisher) -> None:
    with pytest.raises(UsageError, match="event of the catalogue"):
        publisher.register_event("task.completed")


def test_an_event_is_described_only_once(publisher: RecordingPublisher) -> None:
    for _ in range(2):
        publisher.register_event("order.paid", "Money")
    with pytest.raises(UsageError, match="registered already"):
        publisher.register_event("order.paid", "Something else")


def test_nothing_is_presumed_about_the_facts_of_another_engine() -> None:
    recorded = RecordingDelivery()
    publisher = EventPublisher(ProducerSettings(), recorded, presume=False)
    publisher.publish_step_retry_requested(STEP)
    publisher.publish_viable_steps_discovered({"id": 42}, step_ids=["a"])
    retry, discovered = (event.fields for event in recorded.events)
    assert (retry["retry_reason"], retry["backoff_strategy"]) == (None, None)
    assert (discovered["step_count"], discovered["processing_mode"]) == (1, None)
