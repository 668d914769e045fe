"""Clocks that disagree: a step of another host is moved into its task."""

import pytest

from tasker_consumers.telemetry.rebuild import spans_of
from tasker_schemas.names import TaskEvents
from tests.support.telemetry.histories import SECOND, T0, Told, attempt, told


def across_hosts(worker: str, start: float, end: float) -> list[Told]:
    return [
        told(TaskEvents.START_REQUESTED, 10, started_at=T0 + 10 * SECOND, producer="web:1"),
        *attempt("a", start, end, producer=worker),
        told(TaskEvents.COMPLETED, 20, completed_at=T0 + 20 * SECOND, producer="web:2"),
    ]


@pytest.mark.parametrize(("start", "end", "shift"), [(7.0, 9.0, 3.0), (19.0, 21.0, -1.0), (12.0, 13.0, None)])
def test_a_step_of_another_host_is_moved_into_its_task_and_marked(
    start: float, end: float, shift: float | None
) -> None:
    root, step = spans_of(across_hosts("worker:1", start, end))[:2]
    assert root.start <= step.start <= step.end <= root.end
    assert step.end - step.start == round((end - start) * 1e9)
    assert step.attributes.get("tasker.time.shifted_s") == shift


def test_a_step_of_the_same_host_is_shown_as_it_was_told() -> None:
    (step,) = [s for s in spans_of(across_hosts("web:9", 7, 9)) if s.name == "tasker.step.processing"]
    assert step.start == (T0 + 7 * SECOND) * 1000
