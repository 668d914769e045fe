"""The order of the events of a span."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas.names import ObservabilityEvents, StepEvents, TaskEvents
from tests.support.telemetry.histories import (
    TASK,
    place,
    told,
)
from tests.support.telemetry.one_span import root_of, step_of


@given(st.permutations(range(100, 109)))
def test_events_of_the_same_time_are_told_in_their_natural_order(ids: list[int]) -> None:
    names = [
        StepEvents.INITIALIZE_REQUESTED, StepEvents.RETRY_REQUESTED, StepEvents.EXECUTION_REQUESTED,
        StepEvents.BEFORE_HANDLE, StepEvents.HANDLE, ObservabilityEvents.Step.HANDLE, "shop.payment_taken",
        StepEvents.FAILED, StepEvents.MAX_RETRIES_REACHED,
    ]  # fmt: skip
    same: dict[str, Any] = {"step_id": "a", "attempt_number": 1}
    records = [
        told(name, 1, event_id=str(number), trace=place(TASK, "a"), **(same if name != "shop.payment_taken" else {}))
        for number, name in zip(ids, names, strict=True)
    ]
    told_names = [event.name for event in step_of(records).events]
    assert told_names == [*names[:4], "step.started", *names[5:]]


def test_a_task_is_initialized_before_it_starts_and_fails_before_it_is_retried() -> None:
    names = [TaskEvents.INITIALIZE_REQUESTED, TaskEvents.START_REQUESTED, TaskEvents.FAILED, TaskEvents.RETRY_REQUESTED]
    records = [told(name, 1, event_id=event_id) for name, event_id in zip(names, "dcba", strict=True)]
    assert [event.name for event in root_of(records).events] == [names[0], "task.started", *names[2:]]
