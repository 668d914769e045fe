"""States in memory: a dictionary for each partition, that forgets a partition that goes to another worker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.engine.processor import PART
from tasker_consumers.engine.state.memory_store import MemoryStore

keys = st.sampled_from([b"a", b"b", b"ab", b"a" + PART + b"1", PART + PART + b"index"])
batches = st.lists(st.tuples(st.integers(0, 1), st.dictionaries(keys, st.none() | st.binary(max_size=3))))


def store_of(writes: list[tuple[int, dict[bytes, bytes | None]]]) -> MemoryStore:
    store = MemoryStore()
    for offset, (partition, items) in enumerate(writes):
        store.write(partition, items, offset)
    return store


def model_of(writes: list[tuple[int, dict[bytes, bytes | None]]], partition: int) -> dict[bytes, bytes]:
    """Return the entries that the last write of each key left."""
    last = {key: value for target, items in writes if target == partition for key, value in items.items()}
    return {key: value for key, value in last.items() if value is not None}


@given(batches, st.integers(0, 1))
def test_the_last_write_of_a_key_holds_in_its_partition(
    writes: list[tuple[int, dict[bytes, bytes | None]]], partition: int
) -> None:
    store, model = store_of(writes), model_of(writes, partition)
    assert dict(store.scan(partition, b"")) == model
    assert sorted(store.heads(partition)) == sorted(key for key in model if PART not in key)
    offsets = [offset for offset, (target, _) in enumerate(writes) if target == partition]
    assert store.offset(partition) == (offsets[-1] if offsets else None)


@given(batches, keys)
def test_a_scan_yields_the_entries_of_its_prefix_in_the_order_of_their_keys(
    writes: list[tuple[int, dict[bytes, bytes | None]]], prefix: bytes
) -> None:
    entries = sorted(model_of(writes, 0).items())
    assert list(store_of(writes).scan(0, prefix)) == [item for item in entries if item[0].startswith(prefix)]


@pytest.mark.parametrize("end", [MemoryStore.release, MemoryStore.clear])
def test_a_partition_that_goes_takes_its_states_and_its_offset_along(end: object) -> None:
    store = store_of([(0, {b"a": b"1"}), (1, {b"a": b"2"})])
    assert callable(end)
    end(store, 0)
    assert (store.reader(0)(b"a"), store.offset(0), list(store.heads(0))) == (None, None, [])
    assert (store.reader(1)(b"a"), store.offset(1)) == (b"2", 1)


def test_a_closed_store_is_empty() -> None:
    store = store_of([(0, {b"a": b"1"})])
    store.close()
    assert (store.reader(0)(b"a"), store.offset(0)) == (None, None)


def test_a_reader_sees_later_writes_and_a_write_without_an_offset_keeps_the_offset() -> None:
    store = store_of([(0, {b"a": b"1"})])
    read = store.reader(0)
    store.write(0, {b"a": b"2"})
    assert (read(b"a"), store.offset(0)) == (b"2", 0)


def test_a_value_is_a_copy_that_holds_on_to_no_larger_buffer() -> None:
    store, buffer = MemoryStore(), bytearray(b"12345")
    store.write(0, {b"a": memoryview(buffer)[:2]})  # type: ignore[dict-item]  # like bytes of a larger buffer
    buffer[:] = b"98765"
    assert store.reader(0)(b"a") == b"12"


def test_there_are_no_files_to_remove() -> None:
    store = store_of([(0, {b"a": b"1"})])
    store.release(0)
    assert store.remove_released(0) == []
