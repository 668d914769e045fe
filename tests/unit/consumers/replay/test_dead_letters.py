"""Dead letters: what they tell, how they are grouped, and the record that goes back."""

from tasker_consumers.engine.flow import dead_letters as engine
from tasker_consumers.replay.dead_letters import LetterSelection, dead_letter_of, grouped, original_record
from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tests.support.replay_records import a_record


def letter(offset: int = 7, message: str = "no version", reason: PoisonReason = PoisonReason.BAD_MAGIC) -> StoredRecord:
    """The dead letter that the engine writes for a record."""
    written = engine.dead_letter(a_record(offset=offset), PoisonRecord(reason, message))  # type: ignore[arg-type]
    headers = tuple((name, value) for name, value in written.headers)
    return a_record(topic="tasker.dlq.stats", partition=0, offset=offset, headers=headers, value=written.value)


def test_the_engines_headers_are_read_back() -> None:
    found = dead_letter_of(letter())
    assert (found.topic, found.partition, found.offset) == ("tasker.events.step", 1, 7)
    assert (found.reason, found.attempts, found.is_pointer) == ("bad_magic", 1, False)


def test_a_record_goes_back_byte_for_byte_with_its_attempts_counted() -> None:
    original, record = a_record(), original_record({}, dead_letter_of(letter()))
    assert record is not None
    assert (record.topic, record.partition, record.key, record.value) == (
        original.topic,
        original.partition,
        original.key,
        original.value,
    )
    assert record.headers == (*original.headers, ("tasker-dlq-attempts", b"1"))
    again = engine.dead_letter(record, PoisonRecord(PoisonReason.BAD_MAGIC, "still"))  # type: ignore[arg-type]
    assert dict(again.headers)["tasker-dlq-attempts"] == b"2"


def test_letters_are_grouped_by_topic_and_reason_the_largest_group_first() -> None:
    letters = [letter(n, f"detail {n}") for n in range(3)] + [letter(9, "cut", PoisonReason.TRUNCATED)]
    groups = grouped(map(dead_letter_of, letters))
    assert [(group.topic, group.reason, group.count) for group in groups] == [
        ("tasker.events.step", "bad_magic", 3),
        ("tasker.events.step", "truncated", 1),
    ]
    assert groups[0].newest is not None
    assert groups[0].newest.offset == 2


def test_a_selection_of_letters_asks_for_message_topic_time_and_position() -> None:
    found = dead_letter_of(letter())
    assert LetterSelection(reason="no version", topic="tasker.events.step", since=1000).matches(found)
    assert LetterSelection(positions=frozenset({(0, 7)})).matches(found)
    for other in (
        LetterSelection(reason="elsewhere"),
        LetterSelection(topic="tasker.events.task"),
        LetterSelection(since=1001),
        LetterSelection(positions=frozenset({(0, 8)})),
    ):
        assert not other.matches(found)


def test_a_foreign_record_among_the_letters_has_no_origin() -> None:
    found = dead_letter_of(a_record(topic="tasker.dlq.stats", headers=(("__streams.errors.offset", b"x"),)))
    assert (found.topic, found.partition, found.offset, found.message, found.attempts) == ("", -1, -1, "", 0)
