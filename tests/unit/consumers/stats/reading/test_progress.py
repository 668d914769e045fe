"""Progress: counted from the statistics, with the clock handed in."""

from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.stats.reading.progress import Progress, progress_of
from tests.support.stats.histories import SECOND, T0, event, order_processing


def test_a_running_task_shows_its_rate_and_when_it_will_be_done() -> None:
    (stats,) = recompute(order_processing()[:6]).values()  # started at 1 s; fetch and validate have ended
    assert progress_of(stats, T0 + 5 * SECOND) == Progress(2, 4, 0, 0.5, 4.0, over=False)


def test_a_task_that_is_over_has_nothing_left() -> None:
    (stats,) = recompute(order_processing()).values()
    assert progress_of(stats, T0 + 500 * SECOND) == Progress(4, 4, 0, 4 / 6, 0.0, over=True)


def test_a_rate_is_unknown_before_the_first_step_has_ended() -> None:
    (stats,) = recompute([event("task.start_requested", 0, total_steps=3)]).values()
    assert progress_of(stats, T0 + SECOND) == Progress(0, 3, 0, None, None, over=False)
