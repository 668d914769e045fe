"""Grace, sampling, provisional roots, follow-ups and clocks that disagree: what is exported when."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.attributes import ABANDONED, PROVISIONAL
from tasker_consumers.telemetry.spans.span import OK, UNSET
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.identity import trace_id_of
from tasker_schemas.names import StepEvents, TaskEvents, WorkflowEvents
from tests.support.telemetry.histories import SECOND, T0, Told, attempt, failed_order, folded, order, told
from tests.support.telemetry.task import Task

NONE_BUT_BAD = Policy(ratio=0.0, slow_s=100.0)


def late_success(**more: Any) -> list[Told]:
    return [
        told(TaskEvents.START_REQUESTED, 0, **more),
        *attempt("a", 1, 2, **more),
        told(TaskEvents.COMPLETED, 3, **more),
    ]


def test_with_grace_a_span_waits_and_late_events_are_in_it() -> None:
    task = Task(Policy(grace_s=5))
    remark = told(WorkflowEvents.TASK_FINALIZATION_COMPLETED, 2.5)
    assert task.hear(late_success(), at=100) == []
    assert task.hear([remark], at=103) == []
    assert task.wait(until=104) == []
    exported = {span.span_id: span for span in task.wait(until=105.5)}
    assert exported == {span.span_id: span for span in spans_of([*late_success(), remark])}


def test_a_task_that_is_retried_within_the_grace_is_exported_once_with_its_last_end() -> None:
    task = Task(Policy(grace_s=5))
    task.hear(failed_order(), at=100)
    retried = [told(TaskEvents.RETRY_REQUESTED, 10), told(TaskEvents.COMPLETED, 20)]
    task.hear(retried, at=101)
    roots = [span for span in task.wait(until=106) if span.parent_span_id != spans_of(failed_order())[0].span_id]
    assert [(root.status, root.end) for root in roots] == [(OK, (T0 + 20 * SECOND) * 1000)]


def test_a_provisional_root_shows_a_running_task_once_under_its_final_id() -> None:
    task = Task(Policy(provisional=True))
    (early,) = task.hear([told(TaskEvents.START_REQUESTED, 0)])
    assert task.hear(attempt("a", 1, 2))[0].name == "tasker.step.processing"
    final = task.hear([told(TaskEvents.COMPLETED, 3)])[0]
    assert (early.span_id, early.status, early.attributes[PROVISIONAL]) == (final.span_id, UNSET, True)
    assert PROVISIONAL not in final.attributes


def test_sampling_holds_every_span_until_the_task_tells_how_it_ended() -> None:
    task = Task(NONE_BUT_BAD)
    assert task.hear(failed_order()[:-1]) == []
    spans = task.hear(failed_order()[-1:])
    assert {span.span_id for span in spans} == {span.span_id for span in spans_of(failed_order())}


def test_a_task_that_went_well_is_dropped_whole_also_what_comes_after_the_decision() -> None:
    task = Task(NONE_BUT_BAD)
    assert task.hear(late_success()) == []
    assert task.hear(attempt("b", 2, 3)) == []


def test_a_slow_task_is_kept_although_it_went_well() -> None:
    slow = [*late_success()[:-1], told(TaskEvents.COMPLETED, 101)]
    assert len(Task(NONE_BUT_BAD).hear(slow)) == 3


def test_a_kept_task_stays_kept_when_it_goes_on() -> None:
    task = Task(NONE_BUT_BAD)
    task.hear(failed_order())
    again = task.hear(
        [told(TaskEvents.RETRY_REQUESTED, 10), *attempt("charge", 11, 12, number=2), told(TaskEvents.COMPLETED, 13)]
    )
    assert [span.name for span in again].count("tasker.step.processing") == 1
    assert len(again) == 3


def test_an_abandoned_task_is_kept_and_its_ended_steps_are_not_marked() -> None:
    task = Task(NONE_BUT_BAD)
    assert task.hear([*late_success()[:-1], told(StepEvents.HANDLE, 3, step_id="b")]) == []
    spans = {span.attributes.get("step_id"): span for span in task.wait(until=1001)}
    assert [(step, ABANDONED in span.attributes) for step, span in spans.items()] == [
        ("a", False),
        ("b", True),
        (None, True),
    ]


def test_a_ratio_keeps_exactly_the_trace_ids_that_opentelemetrys_consistent_rule_keeps() -> None:
    random, root = Random(7), spans_of(late_success())[0]
    ids = [random.getrandbits(128) for _ in range(5_000)]
    for ratio in (0.0, 0.05, 0.1, 0.5, 1.0):
        kept = {n for n in ids if Policy(ratio=ratio).keeps(replace(root, trace_id=f"{n:032x}"))}
        assert kept == {n for n in ids if n % 2**56 >= round((1 - ratio) * 2**56)}


@pytest.mark.parametrize(("ratio", "expected"), [(0.5, "ot=th:8"), (0.25, "ot=th:c")])
def test_the_spans_that_a_ratio_kept_tell_its_threshold(ratio: float, expected: str) -> None:
    task_id = next(n for n in map(str, range(1000)) if int(trace_id_of(n)[-14:], 16) >= (1 - ratio) * 2**56)
    state = folded(list(order(task_id)))
    assert {span.tracestate for span in ready_spans(state, Policy(ratio=ratio))} == {expected}


def test_spans_that_were_kept_because_they_failed_tell_no_threshold() -> None:
    spans = Task(NONE_BUT_BAD).hear(failed_order())
    assert {span.tracestate for span in spans} == {""}


@given(st.floats(0, 1))
def test_the_ratio_of_kept_traces_is_near_the_wanted_and_grows_with_it(ratio: float) -> None:
    root = spans_of(late_success())[0]
    roots = [replace(root, trace_id=f"{n * 0x9E3779B97F4A7C15 % 2**128:032x}") for n in range(1, 501)]
    kept = [Policy(ratio=ratio).keeps(some) for some in roots]
    assert abs(sum(kept) / 500 - ratio) < 0.1
    assert all(Policy(ratio=min(1, ratio + 0.1)).keeps(some) for some, was in zip(roots, kept, strict=True) if was)


@pytest.mark.parametrize(
    ("name", "value"), [("GRACE_S", "-1"), ("SAMPLE_RATIO", "1.5"), ("SAMPLE_RATIO", "nan"), ("PROVISIONAL", "perhaps")]
)
def test_a_policy_that_cannot_work_is_named_with_what_was_expected(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"TASKER_TELEMETRY_{name} is '{value}'; expected "):
        Policy.from_env({f"TASKER_TELEMETRY_{name}": value})


def test_an_unsampled_history_is_the_same_with_and_without_grace() -> None:
    at_once, patient = Task(Policy()), Task(Policy(grace_s=5))
    patient.hear(order())
    assert {s.span_id for s in patient.wait(until=10)} == {s.span_id for s in at_once.hear(order())}
