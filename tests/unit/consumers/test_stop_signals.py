"""Stop signals act where it does no harm, and never get lost."""

import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from tasker_consumers.stop_signals import held_back, interruptible, pause
from tests.support.signal_steps import signal_at_each_step

STOPS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Both signals interrupt, as in a command that stops in good order; afterwards they do so still."""
    before = [signal.signal(number, signal.default_int_handler) for number in STOPS]
    yield
    assert [signal.signal(number, handler) for number, handler in zip(STOPS, before, strict=True)] == [
        signal.default_int_handler,
        signal.default_int_handler,
    ]


class Course:
    """What happened, step by step; each method is a piece of work that a signal comes to."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def stop_amid(self, number: signal.Signals = signal.SIGINT, wait: Callable[[], object] = lambda: None) -> None:
        with held_back():
            signal.raise_signal(number)
            self.steps.append("came")
            wait()
            self.steps.append("waited")

    def stop_amid_a_wait(self) -> None:
        with held_back(), interruptible():
            signal.raise_signal(signal.SIGINT)
            self.steps.append("the rest")

    def own_a_piece(self) -> None:
        with held_back(), interruptible():
            self.stop_amid()
            self.steps.append("after it")


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_waits_for_the_end_of_the_block(number: signal.Signals) -> None:
    course = Course()
    with pytest.raises(KeyboardInterrupt):
        course.stop_amid(number)
    assert course.steps == ["came", "waited"]


def test_a_signal_that_came_before_interrupts_the_next_pause() -> None:
    course = Course()
    with pytest.raises(KeyboardInterrupt):
        course.stop_amid(wait=pause)
    assert course.steps == ["came"]


def test_a_signal_that_comes_in_an_interruptible_block_interrupts_it() -> None:
    course = Course()
    with pytest.raises(KeyboardInterrupt):
        course.stop_amid_a_wait()
    assert course.steps == []


def test_the_end_that_a_signal_asked_for_is_not_interrupted_by_more_of_them() -> None:
    course = Course()
    with held_back():
        with pytest.raises(KeyboardInterrupt):
            course.stop_amid(wait=pause)
        signal.raise_signal(signal.SIGINT)
        pause()
        course.steps.append("ended")
    assert course.steps == ["came", "ended"]


def test_a_block_in_an_interruptible_block_is_whole() -> None:
    course = Course()
    with pytest.raises(KeyboardInterrupt):
        course.own_a_piece()
    assert course.steps == ["came", "waited"]


def test_without_a_block_around_it_a_wait_is_interrupted_as_ever() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        signal.raise_signal(signal.SIGINT)


def test_another_thread_holds_nothing_back() -> None:
    held: list[object] = []

    def look() -> None:
        with held_back(), interruptible():
            held.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert held == [signal.default_int_handler]


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with held_back():
        signal.raise_signal(signal.SIGINT)
        pause()
    assert signal.signal(signal.SIGINT, signal.default_int_handler) is signal.SIG_IGN


@pytest.mark.parametrize("wait", [lambda: None, pause], ids=["without a pause", "with a pause"])
def test_at_whatever_step_a_signal_comes_the_end_of_the_block_is_whole(wait: Callable[[], None]) -> None:
    steps: list[str] = []

    def run() -> None:
        with held_back():
            steps.append("begun")
            try:
                wait()
            finally:
                steps.append("cleaned")
                steps.append("up")

    outcomes = set()
    for interrupted in signal_at_each_step(run):
        assert interrupted
        assert [signal.getsignal(number) for number in STOPS] == [signal.default_int_handler] * 2
        outcomes.add(tuple(steps))
        steps.clear()
    assert outcomes == {(), ("begun", "cleaned", "up")}
