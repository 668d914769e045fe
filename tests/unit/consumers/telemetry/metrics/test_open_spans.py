"""The number of open spans: what each run adds up to is what the states say, whatever came and however it was cut."""

import asyncio
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.engine.processor import INDEX
from tasker_consumers.telemetry.core.event import read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.lifetime import Lifetime, settle
from tasker_consumers.telemetry.metrics.open_counts import Open, recount
from tasker_consumers.telemetry.metrics.open_spans import OpenSpans
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_schemas.names import StepEvents, TaskEvents
from tests.support.telemetry.histories import Told, attempt, failed_order, large_order, order, records, told

OPEN_TASK = [told(TaskEvents.START_REQUESTED, 0), told(StepEvents.HANDLE, 1, step_id="a")]


class Partition:
    """A partition's table with one task in it, and what the runs say of its open spans (`engine.processor.States`)."""

    partition = 0

    def __init__(self) -> None:
        self.table: dict[bytes, bytes] = {}
        self.index = OpenSpans()
        self.index.held(self)

    def read(self, key: bytes) -> bytes | None:
        return self.table.get(key)

    def heads(self) -> Iterator[bytes]:
        return (key for key in self.table if b"\0" not in key)

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        return (pair for pair in sorted(self.table.items()) if pair[0].startswith(prefix))

    def state(self, key: bytes) -> TaskState | None:
        return TaskState.load(key, self.table.get)

    def run(self, told: list[Told]) -> Open:
        """Take the records of one task through a run, and return the sum after it."""
        state = self.state(told[0].key or b"")
        for record in told:
            state = fold(state, read_event(record))
        assert state is not None
        ready_spans(state)
        return self.written(state)

    def aged(self, key: bytes, seconds: float) -> Open:
        """Let the sweep look at a task after so much silence."""
        state = self.state(key)
        assert state is not None
        now = state.head.seen_at + round(seconds * 1_000_000)
        state.overdue = Lifetime(abandoned_after_s=100, grace_s=10).overdue(state, Policy(), now)
        settle(state, Policy(), now)
        return self.written(state)

    def written(self, state: TaskState) -> Open:
        reaction = self.index.change(0, [state])
        self.table |= {key: value for key, value in state.dump().items() if value is not None}
        self.table |= {key: value for key, value in reaction.index.items() if value is not None}
        reaction.written()
        return self.index.total

    async def rebuilt(self) -> dict[bytes, bytes]:
        return {key: value async for part in self.index.rebuild(self) for key, value in part.items() if value}

    def counted_anew(self) -> Open:
        """What the states say when they were read back."""
        self.table |= asyncio.run(self.rebuilt())
        self.index.released(0)
        self.index.held(self)
        return self.index.total


def in_runs(told: list[Told], size: int) -> Iterator[list[Told]]:
    records = iter(told)
    while run := list(islice(records, size)):
        yield run


def test_a_task_and_its_attempts_are_open_until_they_end() -> None:
    partition = Partition()
    assert partition.run(OPEN_TASK) == (1, 1)
    assert partition.run([told(StepEvents.COMPLETED, 2, step_id="a")]) == (1, 0)
    assert partition.run([told(TaskEvents.COMPLETED, 3)]) == (0, 0)


def test_a_failed_task_that_is_retried_is_open_again_until_its_next_end() -> None:
    partition = Partition()
    assert partition.run(failed_order()) == (0, 0)
    retried = [told(TaskEvents.RETRY_REQUESTED, 10), told(StepEvents.HANDLE, 11, step_id="charge", attempt_number=2)]
    assert partition.run(retried) == (1, 1)
    assert partition.run([*attempt("charge", 11, 12, number=2), told(TaskEvents.COMPLETED, 13)]) == (0, 0)


def test_what_was_given_up_for_its_silence_is_open_no_more() -> None:
    partition = Partition()
    partition.run(OPEN_TASK)
    assert partition.aged(b"42", 101) == (0, 0)


def test_an_ended_task_that_was_closed_leaves_nothing_open() -> None:
    partition = Partition()
    assert partition.run([*order(), told(StepEvents.HANDLE, 8, step_id="left")]) == (0, 1)
    assert partition.aged(b"42", 11) == (0, 0)


@given(st.lists(records(), min_size=1, max_size=20), st.integers(1, 7))
def test_the_sum_of_all_runs_is_what_the_states_say_when_they_are_read_back(told: list[Told], size: int) -> None:
    partition = Partition()
    sums = [partition.run(run) for run in in_runs(told, size)]
    assert partition.counted_anew() == sums[-1]


@pytest.mark.parametrize("size", [1, 97, 1000])
def test_a_task_of_many_steps_is_counted_by_the_buckets_that_change(size: int) -> None:
    partition = Partition()
    *most, last = large_order(300)
    begun = [record for record in most if dict(record.headers)["ce_type"] == b"step.handle"]
    for run in in_runs(begun, size):
        partition.run(run)
    assert partition.counted_anew().attempts == 300
    sums = [partition.run(run) for run in in_runs([*most, last], size)]
    assert sums[-1] == partition.counted_anew() == (0, 0)


def test_a_run_that_is_not_written_changes_nothing() -> None:
    index = Partition().index
    state = fold(None, read_event(OPEN_TASK[0]))
    index.change(0, [state])
    assert index.total == (0, 0)


def test_a_second_count_of_the_same_state_adds_nothing() -> None:
    state = fold(None, read_event(OPEN_TASK[0]))
    assert (recount(state), recount(state)) == ((1, 0), (0, 0))


@given(st.lists(records(), min_size=1, max_size=20), st.integers(1, 7))
def test_entries_that_come_back_from_the_changelog_give_the_sum_that_they_were_written_with(
    told: list[Told], size: int
) -> None:
    writer, reader = Partition(), Partition()
    for run in in_runs(told, size):
        expected = writer.run(run)
        entries = {key: value for key, value in writer.table.items() if not key.startswith(INDEX)}
        followed = reader.index.follow(reader, entries)
        reader.table |= {**entries, **{key: value for key, value in followed.items() if value is not None}}
        reader.index.held(reader)
        assert reader.index.total == expected
