"""What silence does to a task: abandoned spans, tombstones, and stragglers that make no new span."""

from typing import Any

import orjson
import pytest

from tasker_consumers.telemetry.core.event import read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import Overdue, TaskState
from tasker_consumers.telemetry.lifetime import Lifetime, settle
from tasker_consumers.telemetry.pending import wake_at
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.attributes import ABANDONED
from tasker_consumers.telemetry.spans.span import Span
from tasker_schemas.names import ObservabilityEvents as Observed
from tasker_schemas.names import StepEvents, TaskEvents
from tasker_schemas.silence import SILENCE_LIMIT
from tests.support.stats.histories import waiting_for
from tests.support.telemetry.histories import T0, Told, attempt, failed_order, folded, large_order, order, told

SEEN_S = 10  # the wall clock, in seconds after the first event
LIFETIME = Lifetime(abandoned_after_s=100, grace_s=10, forgotten_after_s=1000)


def after(records: list[Told], state: TaskState | None = None) -> tuple[TaskState, list[Span]]:
    for record in records:
        state = fold(state, read_event(record))
    assert state is not None
    return state, ready_spans(state)


def aged(state: TaskState, seconds: float) -> list[Span]:
    """What is done about a task after so many seconds of silence."""
    state.overdue = LIFETIME.overdue(state, Policy(), state.head.seen_at + round(seconds * 1_000_000))
    return settle(state, Policy(), state.head.seen_at + round(seconds * 1_000_000)) if state.overdue else []


def test_open_spans_of_a_silent_task_are_exported_as_abandoned_once() -> None:
    state, _ = after([told(TaskEvents.START_REQUESTED, 0), told(StepEvents.HANDLE, 1, step_id="a")])
    assert aged(state, 50) == []
    assert {span.name for span in aged(state, 101)} == {"tasker.task.started", "tasker.step.processing"}
    assert aged(state, 102) == []


@pytest.mark.parametrize("limit", [40, 400])
def test_a_task_that_gives_its_own_limit_is_abandoned_after_that_also_after_a_restart(limit: int) -> None:
    created = told(TaskEvents.INITIALIZE_REQUESTED, 0, attributes={SILENCE_LIMIT: limit})
    state, _ = after([told(TaskEvents.START_REQUESTED, 1, attributes={SILENCE_LIMIT: 9}), created])
    restored = TaskState.load(state.key, state.dump().get)
    assert restored is not None
    assert aged(restored, limit - 1) == []
    assert [span.name for span in aged(restored, limit + 1)] == ["tasker.task.started"]


@pytest.mark.parametrize(
    ("name", "wait", "silent_s"),
    [
        (Observed.Task.WAITING, waiting_for("approval", limit_s=400), 400),
        (Observed.Step.WAITING, waiting_for("approval", limit_s=40), 40),
        (Observed.Task.WAITING, waiting_for("timer", until=SEEN_S + 500), 600),
    ],
)
def test_a_task_that_waits_is_abandoned_when_its_wait_has_lasted_too_long_also_after_a_restart(
    name: str, wait: dict[str, Any], silent_s: int
) -> None:
    step: dict[str, Any] = {"step_id": "a"} if name == Observed.Step.WAITING else {}
    waits = told(name, 2, attributes=wait, **step)
    state, _ = after([waits, told(TaskEvents.START_REQUESTED, 0), told("shop.reminder_sent", 9)])
    state.head.seen_at = T0 + SEEN_S * 1_000_000
    restored = TaskState.load(state.key, state.dump().get)
    assert restored is not None
    assert aged(restored, silent_s - 1) == []
    assert {span.name for span in aged(restored, silent_s + 1)} >= {"tasker.task.started"}


def test_a_state_of_an_older_worker_has_no_wait_and_its_last_event_is_its_own() -> None:
    state, _ = after([told(Observed.Task.WAITING, 2, attributes=waiting_for("approval", limit_s=400))])
    after([told("shop.reminder_sent", 9)], state)
    stored = orjson.loads(state.dump()[state.key] or b"")
    older = {name: value for name, value in stored.items() if name not in ("signs", "last_own")}
    restored = TaskState.load(state.key, {state.key: orjson.dumps(older)}.get)
    assert restored is not None
    assert (restored.head.signs, restored.head.last_own) == ({}, state.head.last)
    assert aged(restored, 101) != []


@pytest.mark.parametrize(
    "later",
    [told(StepEvents.HANDLE, 5, step_id="b"), told(Observed.Task.START, 5), told(TaskEvents.START_REQUESTED, 5)],
)
def test_a_wait_that_has_ended_excuses_no_silence(later: Told) -> None:
    state, _ = after([later, told(Observed.Task.WAITING, 2, attributes=waiting_for("approval", limit_s=400))])
    assert aged(state, 101) != []


def test_an_abandoned_span_says_so_and_its_end_exports_it_again_under_its_id() -> None:
    state, _ = after([told(TaskEvents.START_REQUESTED, 0), told(StepEvents.HANDLE, 1, step_id="a")])
    abandoned = aged(state, 101)
    state, again = after([told(StepEvents.COMPLETED, 500, step_id="a"), told(TaskEvents.COMPLETED, 501)], state)
    assert all(span.attributes[ABANDONED] for span in abandoned)
    assert {span.span_id for span in abandoned} < {span.span_id for span in again}
    assert not any(ABANDONED in span.attributes for span in again)
    assert {s.span_id: s.end - s.start for s in again if s.attributes.get("step_id")}.popitem()[1] == 499_000_000_000


@pytest.mark.parametrize("records", [order(), failed_order(), large_order(200)])
def test_an_ended_task_shrinks_to_a_small_entry_after_its_grace(records: list[Told]) -> None:
    state, _ = after(records)
    assert aged(state, 9) == []
    aged(state, 11)
    sizes = {key: len(value) for key, value in state.dump().items() if value is not None}
    assert list(sizes) == [state.key]
    assert sizes[state.key] < 600


def test_stragglers_of_a_closed_task_make_no_span_and_are_counted() -> None:
    state, _ = after(order())
    aged(state, 11)
    state, spans = after(order(), state)
    assert spans == []
    assert state.head.late == len(order())


def test_a_failed_task_that_is_retried_after_it_was_closed_keeps_its_ids_and_its_start() -> None:
    state, first = after(failed_order())
    aged(state, 11)
    more = [
        told(TaskEvents.RETRY_REQUESTED, 100),
        *attempt("charge", 101, 102, number=2),
        told(TaskEvents.COMPLETED, 103),
    ]
    state, again = after(more, state)
    before, now = ({s.name: s for s in spans}["tasker.task.started"] for spans in (first, again))
    assert (now.span_id, now.trace_id, now.start) == (before.span_id, before.trace_id, before.start)
    assert now.end > before.end
    assert len(again) == 3


def test_an_attempt_whose_end_never_came_is_exported_when_its_task_is_closed() -> None:
    state, spans = after([told(StepEvents.HANDLE, 1, step_id="a"), told(TaskEvents.COMPLETED, 2)])
    assert [span.name for span in spans] == ["tasker.task.started", "tasker.task.completed"]
    assert [span.attributes[ABANDONED] for span in aged(state, 11)] == [True]


def test_a_closed_task_is_forgotten_when_nothing_of_it_can_come_any_more() -> None:
    state, _ = after(order())
    aged(state, 11)
    assert aged(state, 999) == []
    assert set(state.dump().values()) != {None}
    aged(state, 1001)
    assert set(state.dump().values()) == {None}


def test_a_state_without_its_own_spans_keeps_the_start_it_was_closed_with() -> None:
    state, _ = after(failed_order())
    aged(state, 11)
    assert (state.head.exported_start or 0) * 1000 == spans_of(failed_order())[0].start


ENDS_BEFORE_ITS_STEP = [told(TaskEvents.INITIALIZE_REQUESTED, 0, total_steps=1), told(TaskEvents.COMPLETED, 2)]


@pytest.mark.parametrize(
    ("policy", "records", "expected"),
    [
        (Policy(grace_s=5), order(), 5),
        (Policy(), ENDS_BEFORE_ITS_STEP, 30),
        (Policy(grace_s=5, ratio=0.5), order()[:-1], None),  # they wait for the task's end, whenever that is
        (Policy(), order(), None),
    ],
)
def test_a_task_says_when_its_first_waiting_span_is_to_go(
    policy: Policy, records: list[Told], expected: float | None
) -> None:
    state = folded(records)
    ready_spans(state, policy, 7_000_000)
    at = wake_at(state.head, policy)
    assert at == (None if expected is None else 7_000_000 + expected * 1_000_000)
    assert at is None or LIFETIME.overdue(state, policy, at) is Overdue.EXPORT
