"""How far an attempt came, and when it lasted."""

from tasker_consumers.telemetry.core.event import BEGUN, COMPLETE, FAILED
from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.spans.views.attempt_view import AttemptView, attempt_view
from tasker_consumers.telemetry.spans.views.task_view import view_of
from tasker_schemas.identity import step_span_id
from tasker_schemas.names import StepEvents, TaskEvents
from tests.support.telemetry.histories import SECOND, T0, TASK, Told, attempt, folded, told

FIRST = AttemptKey("a", 1)


def viewed(*records: Told) -> AttemptView | None:
    state = folded([told(TaskEvents.START_REQUESTED, 0, producer="east:1"), *records])
    return attempt_view(view_of(state), FIRST, state.attempt(FIRST))


def test_an_attempt_that_has_neither_begun_nor_ended_has_no_view() -> None:
    assert viewed(told(StepEvents.EXECUTION_REQUESTED, 1, step_id="a", attempt_number=1)) is None


def test_a_running_attempt_has_no_end() -> None:
    view = viewed(attempt("a", 1, 2)[0])
    assert view is not None
    assert (view.rank, view.end) == (BEGUN, None)
    assert view.context.span_id == step_span_id(TASK, *FIRST)


def test_an_attempt_ends_with_the_furthest_of_its_events() -> None:
    failed, completed = attempt("a", 1, 2, "failed")[1], attempt("a", 1, 3)[1]
    ended = [viewed(failed), viewed(completed, failed)]
    assert [view and (view.rank, view.interval.end - T0) for view in ended] == [
        (FAILED, 2 * SECOND),
        (COMPLETE, 3 * SECOND),
    ]


def test_an_attempt_of_a_host_whose_clock_is_slow_is_moved_into_its_task() -> None:
    view = viewed(*attempt("a", -2, -1, producer="west:1"))
    assert view is not None
    assert (view.interval.start - T0, view.interval.shift) == (0, 2 * SECOND)
