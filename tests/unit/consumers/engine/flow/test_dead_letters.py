"""The form of a dead letter."""

import pytest
from aiokafka.producer.message_accumulator import BatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.engine.flow.dead_letters import dead_letter, letter_of, pointer
from tasker_consumers.engine.unreadable_batch import UnreadableBatch
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tests.support.engine.values import StoredRecord

ERROR = PoisonRecord(PoisonReason.BAD_MAGIC, "starts with 0x7b")


def test_a_dead_letter_is_the_record_itself_with_the_reason_added() -> None:
    record = StoredRecord(headers=(("x", b"\xff"), ("x", b"")))
    letter = dead_letter(record, ERROR)
    assert (letter.key, letter.value, letter.timestamp) == (record.key, record.value, record.timestamp)
    assert letter.headers == [
        ("x", b"\xff"),
        ("x", b""),
        ("__streams.errors.exception", b"tasker_schemas.errors.PoisonRecord"),
        ("__streams.errors.message", b"bad_magic: starts with 0x7b"),
        ("__streams.errors.topic", b"t.a"),
        ("__streams.errors.partition", b"1"),
        ("__streams.errors.offset", b"42"),
        ("tasker-dlq-attempts", b"1"),
    ]


def test_a_letter_that_was_requeued_counts_its_attempts_and_keeps_one_reason() -> None:
    first = dead_letter(StoredRecord(), ERROR)
    second = dead_letter(StoredRecord(headers=tuple(first.headers)), ERROR)
    assert dict(second.headers)["tasker-dlq-attempts"] == b"2"
    assert len(second.headers) == len(first.headers)


def test_a_pointer_says_where_the_batch_is_and_holds_none_of_its_bytes() -> None:
    batch = UnreadableBatch(
        topic="t.a", partition=1, offset=49, first_offset=42, timestamp=1000, size=55_000, error=ERROR
    )
    letter = letter_of(batch, batch.error, max_bytes=1 << 20)
    headers = dict(letter.headers)
    assert (letter.key, letter.value, letter.timestamp) == (None, None, None)
    assert (headers["__streams.errors.offset"], headers["tasker-dlq-first-offset"]) == (b"49", b"42")
    assert headers["tasker-dlq-size"] == b"55000"


NAMES = st.text(st.characters(codec=None), max_size=20)
RECORDS = st.builds(
    StoredRecord,
    key=st.none() | st.binary(max_size=2000),
    value=st.none() | st.binary(max_size=2000),
    timestamp=st.integers(-(2**63), 2**64),
    headers=st.lists(
        st.tuples(NAMES | st.just("tasker-dlq-attempts"), st.none() | st.binary(max_size=40)), max_size=5
    ).map(tuple),
)
ERRORS = st.builds(PoisonRecord, st.sampled_from(PoisonReason), st.text(st.characters(codec=None), max_size=2000))


@given(RECORDS, ERRORS, st.integers(0, 40_000))
def test_every_record_makes_a_letter_that_the_client_can_send(
    record: StoredRecord, error: PoisonRecord, max_bytes: int
) -> None:
    for letter in (letter_of(record, error, max_bytes=max_bytes), dead_letter(record, error), pointer(record, error)):
        assert BatchBuilder(1 << 20, 0).append(**letter._asdict()) is not None


@given(RECORDS, ERRORS)
def test_a_letter_keeps_key_value_and_headers(record: StoredRecord, error: PoisonRecord) -> None:
    letter = dead_letter(record, error)
    values = [value for name, value in record.headers if not name.startswith(("tasker-dlq-", "__streams.errors."))]
    assert (letter.key, letter.value) == (record.key, record.value)
    assert [value for _, value in letter.headers][: len(values)] == values


@pytest.mark.parametrize("attempts", [None, b"", b"-1", b"many", b"9" * 5000, b"\xb2"])
def test_a_number_of_attempts_that_we_did_not_write_counts_as_none(attempts: bytes | None) -> None:
    letter = dead_letter(StoredRecord(headers=(("tasker-dlq-attempts", attempts),)), ERROR)
    assert [value for name, value in letter.headers if name == "tasker-dlq-attempts"] == [b"1"]


def test_a_record_that_is_too_large_becomes_a_pointer_with_the_beginning_of_its_key() -> None:
    letter = letter_of(StoredRecord(key=b"k" * 5000, value=b"x" * 3_000_000), ERROR, max_bytes=2 << 20)
    assert (letter.key, letter.value, letter.timestamp) == (b"k" * 1000, None, None)
    assert dict(letter.headers)["tasker-dlq-size"] == b"3005000"
    assert dict(letter.headers)["__streams.errors.offset"] == b"42"
