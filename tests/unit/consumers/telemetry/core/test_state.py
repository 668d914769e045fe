"""A large task is spread over buckets, and an event reads and writes its own bucket only."""

from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.core.state import SPILL_AT, TaskState


def spread() -> TaskState:
    state = TaskState.of_task("large", 0)
    for number in range(SPILL_AT + 1):
        state.attempt(AttemptKey(f"s{number}", 1))
    return state


def test_a_task_of_many_steps_is_spread_over_buckets_and_keeps_each_attempt() -> None:
    state = spread()
    assert state.head.spilled
    assert state.head.bucket.steps == {}
    assert sorted(key.step_id for key, _ in state.attempts()) == sorted(f"s{n}" for n in range(SPILL_AT + 1))


def test_looking_for_an_attempt_makes_none() -> None:
    state = spread()
    assert state.find_attempt(AttemptKey("absent", 1)) is None
    assert state.head.steps == SPILL_AT + 1


def test_steps_that_are_forgotten_are_deleted_from_the_store() -> None:
    state = spread()
    state.dump()
    state.forget_steps()
    assert {value for key, value in state.dump().items() if key != state.key} == {None}
