"""The form of a dead letter."""

from tasker_consumers.engine.flow.dead_letters import dead_letter, dead_letter_pointer
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


def test_an_attempts_header_that_is_no_number_counts_as_none() -> None:
    letter = dead_letter(StoredRecord(headers=(("tasker-dlq-attempts", b"many"),)), ERROR)
    assert dict(letter.headers)["tasker-dlq-attempts"] == b"1"


def test_a_pointer_says_where_the_batch_is_and_holds_none_of_its_bytes() -> None:
    batch = UnreadableBatch(
        topic="t.a", partition=1, offset=49, first_offset=42, timestamp=1000, size=55_000, error=ERROR
    )
    letter = dead_letter_pointer(batch)
    headers = dict(letter.headers)
    assert (letter.key, letter.value, letter.timestamp) == (None, None, 1000)
    assert (headers["__streams.errors.offset"], headers["tasker-dlq-first-offset"]) == (b"49", b"42")
    assert headers["tasker-dlq-size"] == b"55000"
