"""Both stores behave alike; only what survives differs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tasker_consumers.engine.state.rocks_store import open_store
from tasker_consumers.engine.state.store import StateStore


@pytest.fixture(params=["memory", "rocksdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> StateStore:
    return open_store(request.param, tmp_path)


def test_what_was_written_is_read_in_its_own_partition_only(store: StateStore) -> None:
    store.write(0, {b"a": b"1"})
    assert (store.reader(0)(b"a"), store.reader(1)(b"a")) == (b"1", None)


def test_a_value_of_none_drops_the_key(store: StateStore) -> None:
    store.write(0, {b"a": b"1", b"b": b"2"})
    store.write(0, {b"a": None, b"never": None})
    assert (store.reader(0)(b"a"), list(store.heads(0))) == (None, [b"b"])


def test_heads_leave_out_parts_and_the_offset(store: StateStore) -> None:
    store.write(0, {b"a": b"1", b"a\x00part": b"2", b"b": b"3"}, 7)
    assert sorted(store.heads(0)) == [b"a", b"b"]


def test_heads_are_those_of_the_moment_the_walk_began(store: StateStore) -> None:
    store.write(0, {b"a": b"1", b"b": b"2"})
    walk = store.heads(0)
    first = next(walk)
    store.write(0, {b"c": b"3", b"b": None})
    assert sorted([first, *walk]) == [b"a", b"b"]


def test_scans_side_by_side_each_find_all_that_begins_so_and_nothing_else(store: StateStore) -> None:
    store.write(0, {b"%s%04d" % (prefix, n): b"1" for prefix in (b"a:", b"b:", b"c:") for n in range(2000)})
    for _ in range(20):
        scans = [store.scan(0, prefix) for prefix in (b"a:", b"b:", b"a:1", b"c:")]
        junk = [bytes([n]) * n for n in range(8, 64)]  # takes the memory that a scan may have let go of
        found = [[key for key, _ in walk] for walk in scans]
        assert [(len(keys), {key[:2] for key in keys}) for keys in found] == [
            (2000, {b"a:"}),
            (2000, {b"b:"}),
            (1000, {b"a:"}),
            (2000, {b"c:"}),
        ]
        del junk


def test_entries_of_a_prefix_come_in_the_order_of_their_keys(store: StateStore) -> None:
    store.write(0, {b"\x00\x00b2": b"2", b"\x00\x00b1": b"1", b"\x00\x00c": b"3", b"b": b"4", b"\x00\x00a": b"5"}, 7)
    assert list(store.scan(0, b"\x00\x00b")) == [(b"\x00\x00b1", b"1"), (b"\x00\x00b2", b"2")]
    assert list(store.scan(1, b"\x00\x00b")) == []


def test_an_offset_is_kept_with_the_partition_until_it_is_cleared(store: StateStore) -> None:
    assert store.offset(0) is None
    store.write(0, {b"a": b"1"}, 41)
    store.write(0, {}, 42)
    assert (store.offset(0), store.offset(1)) == (42, None)
    store.clear(0)
    assert (store.offset(0), store.reader(0)(b"a")) == (None, None)


def test_a_database_outlives_its_worker(tmp_path: Path) -> None:
    before = open_store("rocksdb", tmp_path)
    before.write(3, {b"a": b"1"}, 5)
    before.close()
    after = open_store("rocksdb", tmp_path)
    assert (after.reader(3)(b"a"), after.offset(3)) == (b"1", 5)


def test_memory_forgets_a_partition_that_goes_to_another_worker() -> None:
    store = open_store("memory", Path())
    store.write(0, {b"a": b"1"}, 5)
    store.release(0)
    assert (store.reader(0)(b"a"), store.offset(0)) == (None, None)


def test_a_damaged_database_is_rebuilt_from_nothing(tmp_path: Path) -> None:
    before = open_store("rocksdb", tmp_path)
    before.write(0, {b"a": b"1"}, 5)
    before.close()
    (tmp_path / "0" / "CURRENT").write_text("rubbish")
    after = open_store("rocksdb", tmp_path)
    assert after.offset(0) is None


_WRITER = """
import sys
from itertools import count
from pathlib import Path
from tasker_consumers.engine.state.rocks_store import open_store
store = open_store("rocksdb", Path(sys.argv[1]))
for number in count(1):
    text = b"%d " % number
    store.write(0, {b"a": text + bytes(50_000), b"b": text + bytes(50_000)}, number)
    print(number, flush=True)
"""


def test_a_database_whose_worker_was_killed_holds_a_moment_of_the_past_with_its_offset(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert 1000 in map(int, writer.stdout)  # 100 MB: more than memory keeps
        writer.kill()
    store = open_store("rocksdb", tmp_path)
    offset, read = store.offset(0), store.reader(0)
    assert offset
    assert [int((read(key) or b"0").split()[0]) for key in (b"a", b"b")] == [offset, offset]
