"""A run whose records come bit by bit is the run of all of them, after each batch."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.trace_view.rebuild import GrowingRun, rebuild
from tests.support.importers.real_records import FOLDERS, paths_of, records_of
from tests.support.runs import stored
from tests.support.scale import SCALE, part_of
from tests.support.telemetry.histories import Told, failed_order, hostile_records, order, records


def agree_at(all_records: list[StoredRecord], ends: list[int]) -> None:
    """Compare the run that grows by the batches between the ends with the run of each prefix."""
    growing, begin = GrowingRun(), 0
    for end in ends:
        growing.add(all_records[begin:end])
        whole = rebuild(all_records[:end])
        assert growing.run() == whole
        assert growing.spans() == whole.spans()
        assert growing.tasks() == whole.tasks()
        begin = end


@given(
    st.lists(st.one_of(hostile_records(), records()), min_size=1, max_size=12),
    st.sets(st.integers(1, 11)),
    st.randoms(use_true_random=False),
)
def test_any_history_grows_in_any_batches_and_any_order(history: list[Told], ends: set[int], random: Random) -> None:
    all_records = stored(history)
    again = random.choices(all_records, k=2)  # a record that comes twice counts once
    random.shuffle(all_records)
    agree_at([*all_records, *again], [*sorted(end for end in ends if end < len(all_records)), len(all_records) + 2])


@pytest.mark.timeout(300 * SCALE)
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_real_run_grows_in_batches(folder: str) -> None:
    for number, path in enumerate(part_of(paths_of(folder), 12)):
        all_records = stored(records_of(folder, path))
        random = Random(number)
        ends = sorted(random.sample(range(1, len(all_records)), min(2 * SCALE, len(all_records) - 1)))
        agree_at(all_records, [*ends, len(all_records)])


def test_what_was_handed_out_does_not_grow() -> None:
    growing, history = GrowingRun(), stored([*order(), *failed_order("43")])
    growing.add(history[:5])
    run, spans, tasks = growing.run(), growing.spans(), growing.tasks()
    growing.add(history[5:])
    assert len(growing) == len(history)
    assert (run, spans, tasks) == (run_of_first := rebuild(history[:5]), run_of_first.spans(), run_of_first.tasks())
