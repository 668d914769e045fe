"""What is stored of a task: the same knowledge comes back, and a large task is not written whole."""

from collections.abc import Iterable
from random import Random
from typing import Any
from unittest.mock import patch

import orjson
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.core import table as table_module
from tasker_consumers.stats.core.derive import derive_stats
from tasker_consumers.stats.core.fold import fold, recompute
from tasker_consumers.stats.core.state import TaskState
from tasker_consumers.stats.core.storage import dump, load
from tasker_schemas.silence import SILENCE_LIMIT
from tests.support.stats.crashes import stats_after_crashes
from tests.support.stats.histories import event, histories, large_task, order_processing, waiting_for

KEY = b"42"


class Table:
    """One partition's table: what was written last is read; `reads` are the keys that were asked for."""

    def __init__(self) -> None:
        self.entries: dict[bytes, bytes] = {}
        self.reads: list[bytes] = []
        self.written: list[bytes] = []

    def read(self, key: bytes) -> bytes | None:
        self.reads.append(key)
        return self.entries.get(key)

    def write(self, key: bytes, state: TaskState) -> None:
        entries = dump(key, state)
        self.written = list(entries)
        for name, value in entries.items():
            if value is None:
                self.entries.pop(name, None)
            else:
                self.entries[name] = value

    def fold(self, told: Iterable[dict[str, Any]], key: bytes = KEY) -> TaskState:
        state = load(key, self.read)
        for one in told:
            state = fold(state, one)
        assert state is not None
        self.write(key, state)
        return state


@given(histories.filter(bool))
def test_a_state_that_is_stored_after_every_event_knows_the_same(history: list[Any]) -> None:
    table = Table()
    for told, headers in history:
        table.write(KEY, fold(load(KEY, table.read), told, headers))
    restored = load(KEY, table.read)
    assert restored is not None
    assert derive_stats(restored) == recompute([told for told, _ in history], [headers for _, headers in history])["42"]


@given(histories.filter(bool), st.randoms())
def test_a_task_spread_over_parts_and_through_crashes_knows_the_same(history: list[Any], random: Random) -> None:
    told = [event for event, _ in history]
    with patch.object(table_module, "SMALL_STEPS", 1):
        (spread,) = stats_after_crashes(told, random, 5).values()
    (whole,) = recompute(told).values()
    # A large task whose steps are still coming shows no path yet; everything else must be equal.
    if spread["critical_path"] is None:
        whole |= {"critical_path": None, "critical_path_s": None}
    assert spread == whole


def test_a_limit_of_silence_is_stored_and_a_state_of_an_older_worker_has_none() -> None:
    table = Table()
    table.fold([event("task.start_requested", 0, attributes={SILENCE_LIMIT: 600})])
    restored = load(KEY, table.read)
    assert restored is not None
    assert restored.silence_limit_s == 600.0
    row = orjson.loads(table.entries[KEY])
    row.remove(600.0)
    table.entries[KEY] = orjson.dumps(row)
    older = load(KEY, table.read)
    assert older is not None
    assert (older.silence_limit_s, derive_stats(older)) == (None, derive_stats(restored))


def test_a_wait_is_stored_and_a_state_of_an_older_worker_has_none() -> None:
    table = Table()
    waits = event("observability.task.waiting", 1, attributes=waiting_for("approval", until=9, limit_s=60))
    stored = derive_stats(table.fold([event("task.start_requested", 0), waits]))
    restored = load(KEY, table.read)
    assert restored is not None
    assert (derive_stats(restored), stored["waiting_for"]) == (stored, "approval")
    row = orjson.loads(table.entries[KEY])
    row.remove({"": list(restored.signs[""])})
    table.entries[KEY] = orjson.dumps(row)
    older = load(KEY, table.read)
    assert older is not None
    assert derive_stats(older) == {**stored, "waiting_for": None, "waiting_since": None, "waiting_until": None}


def test_a_small_task_is_one_entry() -> None:
    table = Table()
    table.fold(order_processing())
    assert table.written == [KEY]


def test_a_large_task_in_shuffled_runs_is_counted_right() -> None:
    table, told = Table(), large_task(700, "42")
    Random(3).shuffle(told)
    for at in range(0, len(told), 100):
        table.fold(told[at : at + 100])
    restored = load(KEY, table.read)
    assert restored is not None
    assert derive_stats(restored) == recompute(told)["42"]


def test_an_event_of_a_large_task_reads_and_writes_only_its_own_part() -> None:
    table = Table()
    table.fold(large_task(5000, "42")[:-1])
    table.reads.clear()
    state = table.fold([event("step.before_handle", 1, step_id="s77")])
    assert derive_stats(state)["completed_steps"] == 5000
    assert len(table.reads) == 2
    assert len(table.written) == 2
    assert table.written[-1] == KEY  # the head after its parts: see the module
    assert sum(len(table.entries[name]) for name in table.written) < 30_000


def test_parts_that_are_newer_than_their_head_are_put_right_by_the_next_delivery() -> None:
    table, told = Table(), large_task(300, "42")
    table.fold(told[:400])
    head = table.entries[KEY]
    table.fold(told[400:])
    table.entries[KEY] = head  # a crash between the parts and the head
    assert derive_stats(table.fold(told[400:])) == recompute(told)["42"]


def test_a_frozen_large_task_gives_its_parts_back_and_keeps_its_results() -> None:
    table = Table()
    before = derive_stats(table.fold(large_task(300, "42")))
    state = load(KEY, table.read)
    assert state is not None
    state.steps.freeze()
    table.write(KEY, state)
    assert list(table.entries) == [KEY]
    restored = load(KEY, table.read)
    assert restored is not None
    assert derive_stats(restored) == before


def test_a_forgotten_task_leaves_nothing_behind() -> None:
    table = Table()
    state = table.fold(large_task(300, "42"))
    state.forgotten = True
    table.write(KEY, state)
    assert table.entries == {}


def test_ids_that_are_not_ascii_are_stored_like_any_other() -> None:
    table = Table()
    key = "größe/日本".encode()
    table.fold([event("step.handle", 1, key.decode(), step_id="é\x01")], key)
    restored = load(key, table.read)
    assert restored is not None
    assert derive_stats(restored)["task_id"] == key.decode()
