"""A task's counters when no producer knew them: from the steps that were seen, and the wait for those that were not."""

import pytest

from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import Span
from tasker_schemas.names import ObservabilityEvents, StepEvents, TaskEvents
from tests.support.telemetry.histories import FAILURE, Told, attempt, failed_order, told
from tests.support.telemetry.task import Task

ENDS = {"tasker.task.completed", "tasker.task.failed"}
BEGUN = told(TaskEvents.START_REQUESTED, 0, total_steps=2)
FIRST, SECOND = attempt("a", 1, 2), attempt("b", 2, 3)
OVER = told(TaskEvents.COMPLETED, 4, total_steps=2)


def counted(spans: list[Span]) -> list[tuple[object, ...]]:
    """Total, completed and failed steps, at the root and at the end."""
    both = [span for span in spans if span.name in {"tasker.task.started", *ENDS}]
    return [tuple(span.attributes.get(f"{name}_steps") for name in ("total", "completed", "failed")) for span in both]


def by_id(spans: list[Span]) -> dict[str, Span]:
    return {span.span_id: span for span in spans}


def test_root_and_end_count_the_steps_that_were_seen() -> None:
    assert counted(spans_of([BEGUN, *FIRST, *SECOND, OVER])) == [(2, 2, 0)] * 2


def test_a_step_counts_once_by_its_last_attempt() -> None:
    retried = [*attempt("a", 1, 2, "failed", **FAILURE), *attempt("a", 2, 3, number=2), *attempt("b", 1, 2, "failed")]
    assert counted(spans_of([BEGUN, *retried, told(TaskEvents.FAILED, 4)])) == [(2, 1, 1)] * 2


def test_without_an_announced_total_it_is_the_number_of_steps_seen() -> None:
    remark = told(ObservabilityEvents.Step.SKIP, 3, step_id="remarked_upon", attempt_number=1)
    history = [told(TaskEvents.START_REQUESTED, 0), *FIRST, remark, told(TaskEvents.COMPLETED, 4)]
    assert counted(spans_of(history)) == [(1, 1, 0)] * 2


def test_what_the_end_tells_beats_what_was_seen() -> None:
    over = told(TaskEvents.COMPLETED, 4, total_steps=7, completed_steps=6, failed_steps=1)
    assert counted(spans_of([BEGUN, *FIRST, over])) == [(7, 6, 1)] * 2


def test_counters_of_an_end_before_a_retry_hold_no_more() -> None:
    retried = [told(TaskEvents.RETRY_REQUESTED, 10), *attempt("charge", 11, 12, number=2)]
    assert counted(spans_of([*failed_order(), *retried, told(TaskEvents.COMPLETED, 13)])) == [(1, 1, 0)] * 2


@pytest.mark.parametrize("grace_s", [0.0, 5.0])
def test_an_end_that_comes_before_those_of_the_steps_gives_the_same_spans(grace_s: float) -> None:
    early, usual = Task(Policy(grace_s=grace_s)), Task(Policy(grace_s=grace_s))
    spans = early.hear([BEGUN, *FIRST, OVER], at=100) + early.hear(SECOND, at=101) + early.wait(until=106)
    expected = usual.hear([BEGUN, *FIRST, *SECOND, OVER], at=100) + usual.wait(until=105)
    assert by_id(spans) == by_id(expected) == by_id(spans_of([BEGUN, *FIRST, *SECOND, OVER]))
    assert len(spans) == len(expected)


def test_a_complete_task_waits_for_its_steps_while_they_go_at_once() -> None:
    task = Task(Policy())
    assert [span.name for span in task.hear([BEGUN, *FIRST, OVER], at=100)] == ["tasker.step.processing"]
    assert task.wait(until=129) == []
    assert {span.name for span in task.hear(SECOND, at=129)} >= {"tasker.task.started", "tasker.task.completed"}
    assert task.wait(until=200) == []


def test_steps_that_nobody_hears_of_are_waited_for_a_short_while_only() -> None:
    task = Task(Policy())
    task.hear([BEGUN, *FIRST, OVER], at=100)
    task.hear([told(StepEvents.HANDLE, 2, step_id="b")], at=120)
    assert counted(task.wait(until=130.5)) == [(2, 1, 0)] * 2


@pytest.mark.parametrize("name", [TaskEvents.FAILED, TaskEvents.CANCELLED, TaskEvents.RESOLVED_MANUALLY])
def test_a_task_that_did_not_complete_waits_for_no_step(name: TaskEvents) -> None:
    history: list[Told] = [BEGUN, *FIRST, told(name, 4)]
    assert counted(Task(Policy()).hear(history))[0] == (2, 1, 0)


def test_a_task_that_fails_or_goes_on_while_it_waits_waits_no_more() -> None:
    task = Task(Policy())
    task.hear([BEGUN, *FIRST, OVER], at=100)
    assert counted(task.hear([told(TaskEvents.FAILED, 5)], at=101)) == [(2, 1, 0)] * 2


def test_a_sampled_task_that_waits_keeps_or_drops_its_steps_with_it() -> None:
    task = Task(Policy(ratio=0.0, slow_s=1.0))
    assert task.hear([BEGUN, *FIRST, OVER], at=100) == []
    assert by_id(task.hear(SECOND, at=101)) == by_id(spans_of([BEGUN, *FIRST, *SECOND, OVER]))
