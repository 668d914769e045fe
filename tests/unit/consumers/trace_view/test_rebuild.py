"""A run rebuilt from records, whole and at every moment of it."""

from pathlib import Path

import pytest

from tasker_consumers.replay.container import read_container, write_container
from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.trace_view.rebuild import rebuild
from tests.support.importers.real_records import FOLDERS, paths_of, records_of
from tests.support.replay_records import a_record
from tests.support.runs import run_of, stored
from tests.support.scale import SCALE, part_of
from tests.support.telemetry.histories import Told, order

#: Events that are folded for the moments of one history: of a small one every moment is compared, of a large one some.
FOLDED = 250 * SCALE


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_real_run_is_what_the_groups_make_of_it(folder: str) -> None:
    for path in part_of(paths_of(folder), 10):
        records = records_of(folder, path)
        run = run_of(records)
        assert run.spans() == spans_of(records), path
        assert run.unreadable == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_time_travel_is_a_fold_over_the_events_before(folder: str) -> None:
    for path in part_of(paths_of(folder), 4):
        history = records_of(folder, path)
        run, happened = run_of(history), event_times(history)
        times = [payload["timestamp"] for payload in run.payloads]
        moments = sorted({*times, times[-1] + 1})
        for moment in moments[:: 1 + len(moments) * len(history) // FOLDED]:
            past = [record for record, time in zip(history, happened, strict=True) if time < moment]
            selected = run.events_before(moment)
            assert selected.spans() == spans_of(past), (path, moment)
            assert selected.tasks() == run_of(past).tasks()


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_real_run_comes_back_from_a_file_with_the_same_spans_and_statistics(folder: str, tmp_path: Path) -> None:
    for number, path in enumerate(paths_of(folder)[2::9] or paths_of(folder)):
        records, file = stored(records_of(folder, path)), tmp_path / f"{number}.avro"
        write_container(records, file)
        live, replayed = rebuild(records), rebuild(read_container(file))
        assert replayed.spans() == live.spans(), path
        assert replayed.tasks() == live.tasks(), path


def event_times(history: list[Told]) -> list[int]:
    """The events' own times, in the order of the history."""
    times = {event.data["event_id"]: event.data["timestamp"] for event in run_of(history).events}
    return [times[dict(record.headers)["ce_id"].decode()] for record in history]


def test_before_event_n_there_are_n_less_one_events() -> None:
    run = run_of(order())
    assert [len(run.first(count).events) for count in range(4)] == [0, 1, 2, 3]


def test_order_and_repetition_of_records_change_nothing() -> None:
    records = stored(order())
    run, shuffled = rebuild(records), rebuild([*reversed(records), *records])
    assert shuffled.spans() == run.spans()
    assert shuffled.tasks() == list(recompute(run.payloads, run.headers).values())


def test_an_unreadable_record_is_named_and_the_others_are_used() -> None:
    run = rebuild([*stored(order()), a_record(value=b"junk")])
    assert len(run.events) == len(order())
    assert run.unreadable[0].startswith("tasker.events.step/1/7 cannot be read: bad_magic")
