"""Runs are kept for the next pages, and read on when their marks change."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from tasker_consumers.trace_view.readers import Records
from tasker_consumers.trace_view.rebuild import rebuild
from tasker_consumers.web.sources.runs import RunCache
from tasker_schemas.errors import BackendUnavailable
from tests.support.runs import stored
from tests.support.telemetry.histories import TASK, order
from tests.support.web import HistoryRuns


@pytest.fixture
def history() -> Records:
    """The records of a run that arrive now."""
    now_ms = time.time_ns() // 1_000_000
    return [replace(record, timestamp=now_ms + number) for number, record in enumerate(stored(order()))]


class GrowingHistory(HistoryRuns):
    """Returns each record once, and counts its questions."""

    questions = 0
    is_away = False

    def of_task(self, task_id: str, limit: int | None = None) -> Records:
        self.questions += 1
        if self.is_away:
            raise BackendUnavailable("Kafka is away")
        records, self.records = super().of_task(task_id, limit), []
        return records


def test_a_run_is_read_once_for_a_mark_and_read_on_for_another(history: Records) -> None:
    reader = GrowingHistory(history[:5])
    opened: list[int | None] = []

    def open_reader(since: int | None) -> GrowingHistory:
        opened.append(since)
        return reader

    runs = RunCache(open_reader)
    assert not runs.has(TASK, 1)
    first = runs.read(TASK, 1, since=7)
    assert runs.read(TASK, 1) is first
    assert runs.has(TASK, 1)
    assert runs.has(TASK, 2), "it is only read on"
    reader.records = history[5:]
    whole = rebuild(history)
    second = runs.read(TASK, 2)
    assert (second.run, second.spans, second.tasks) == (whole, whole.spans(), whole.tasks())
    assert len(first.run.events) == 5, "pages go on with the run that they have"
    assert (reader.questions, opened) == (2, [7])


def test_a_run_that_several_ask_for_is_read_once(history: Records) -> None:
    has_begun, may_go_on = Event(), Event()

    class SlowHistory(GrowingHistory):
        def of_task(self, task_id: str, limit: int | None = None) -> Records:
            has_begun.set()
            assert may_go_on.wait(60)
            return super().of_task(task_id, limit)

    readers = [SlowHistory(history)]
    runs = RunCache(lambda _: readers.pop())
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(runs.read, TASK, 1)]
        assert has_begun.wait(60)
        asked += [pool.submit(runs.read, TASK, 1) for _ in range(2)]
        may_go_on.set()
        first, *others = (question.result() for question in asked)
    assert first.run == rebuild(history)
    assert all(other is first for other in others)


def test_a_run_whose_reading_failed_is_read_anew(history: Records) -> None:
    readers = [GrowingHistory(history[:5]), GrowingHistory(history)]
    runs = RunCache(lambda _: readers[0])
    runs.read(TASK, 1)
    readers[0].is_away = True
    with pytest.raises(BackendUnavailable):
        runs.read(TASK, 2)
    assert not runs.has(TASK, 2)
    del readers[0]
    assert runs.read(TASK, 2).run == rebuild(history)


def test_a_run_that_was_silent_for_long_is_read_anew(history: Records) -> None:
    old = [replace(record, timestamp=1 + number) for number, record in enumerate(history)]
    readers = [HistoryRuns(old[:5]), HistoryRuns(old)]
    runs = RunCache(lambda _: readers.pop(0))
    assert len(runs.read(TASK, 1).run.events) == 5
    assert not runs.has(TASK, 2)
    assert runs.read(TASK, 2).run == rebuild(old)
    assert readers == []


def test_a_run_without_events_is_looked_for_anew(history: Records) -> None:
    readers = [GrowingHistory([]), GrowingHistory(history)]
    runs = RunCache(lambda _: readers.pop(0))
    assert runs.read(TASK, 1).run.events == []
    assert runs.read(TASK, 2).run == rebuild(history)
