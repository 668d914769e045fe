"""The hot loop: which records are taken, buried or held, and where it stops."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.engine.flow.folding import Folding
from tasker_consumers.engine.unreadable_batch import UnreadableBatch
from tasker_schemas.errors import BackendUnavailable, PoisonReason, PoisonRecord


@dataclass
class Record:
    """A record of which only key and value matter here."""

    key: bytes | None
    value: str
    topic: str = "events"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    headers: tuple[Any, ...] = ()


@dataclass
class Texts:
    """Folds the values of a key into a list; a value names the error that its record raises."""

    errors: dict[str, Callable[[], Exception]] = field(default_factory=dict)
    stored: dict[bytes, list[str]] = field(default_factory=dict)

    def decode(self, record: Record) -> str:
        if record.value in self.errors:
            error = self.errors[record.value]()
            raise error
        return record.value

    def load(self, key: bytes, read: Any) -> list[str] | None:
        stored: list[str] | None = read(key)
        return None if stored is None else list(stored)

    def fold(self, state: list[str] | None, event: str) -> list[str]:
        return [*(state or []), event]


def folding(processor: Any, records: list[Any]) -> Folding:
    return Folding(processor, processor.stored.get, records)


keys = st.none() | st.sampled_from([b"a", b"b"])
records_of_all_kinds = st.lists(st.builds(Record, keys, st.sampled_from(["right", "damaged"])), max_size=20)


@given(records_of_all_kinds, st.integers(1, 7))
def test_every_record_is_folded_or_buried_key_by_key_whatever_the_size_of_a_turn(
    records: list[Record], count: int
) -> None:
    texts = Texts({"damaged": lambda: ValueError("damaged")}, {b"a": ["stored"]})
    loop, turns = folding(texts, records), 0
    while loop.position < len(records):
        assert loop.advance(count) is None
        turns += 1
    assert turns == -(-len(records) // count)
    right = [record for record in records if record.key is not None and record.value == "right"]
    assert loop.touched == {
        key: [*texts.stored.get(key, []), *(record.value for record in right if record.key == key)]
        for key in {record.key for record in right if record.key is not None}
    }
    keys_in_order = list(dict.fromkeys(record.key for record in records))
    taken: list[Any] = loop.records
    assert taken == [record for key in keys_in_order for record in records if record.key == key]
    buried: list[Any] = [burial.record for burial in loop.burials]
    assert buried == [record for record in taken if record not in right]


def test_it_stops_at_a_record_that_needs_an_absent_backend_and_goes_on_behind_it() -> None:
    away = BackendUnavailable("the registry is away")
    texts = Texts({"held": lambda: away})
    loop = folding(texts, [Record(b"a", "first"), Record(b"a", "held"), Record(b"a", "last")])
    assert loop.advance(64) is away
    assert (loop.position, loop.touched) == (1, {b"a": ["first"]})
    assert loop.advance(64) is away
    loop.fold("asked again")
    assert loop.advance(64) is None
    assert loop.touched == {b"a": ["first", "asked again", "last"]}


@pytest.mark.parametrize("error", [OSError("no space left"), MemoryError(), Exception("IO error")])
def test_an_error_that_is_no_records_fault_is_raised(error: Exception) -> None:
    loop = folding(Texts({"second": lambda: error}), [Record(b"a", "first"), Record(b"a", "second")])
    with pytest.raises(type(error)) as raised:
        loop.advance(64)
    assert raised.value is error
    assert (loop.position, loop.burials) == (1, [])


def test_a_batch_that_could_not_be_read_brings_its_own_reason() -> None:
    error = PoisonRecord(PoisonReason.MALFORMED, "a batch that cannot be read")
    batch = UnreadableBatch(topic="t", partition=0, offset=9, first_offset=5, timestamp=0, size=80, error=error)
    loop = folding(Texts(), [Record(None, "keyless"), batch])
    assert loop.advance(64) is None
    assert [burial.error.reason for burial in loop.burials] == [PoisonReason.NULL_KEY, PoisonReason.MALFORMED]
    assert loop.burials[1].error is error
