"""How failures are counted and told."""

import logging

import pytest

from tasker_consumers.engine.flow.quarantine import Burial, Quarantine, QuarantineOverflow, describe, failed
from tasker_schemas.errors import PoisonReason, PoisonRecord
from tests.support.engine.values import StoredRecord


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def burial(key: bytes = b"k", error: Exception | None = None) -> Burial:
    return Burial(StoredRecord(key=key), failed(error or TypeError("odd")))


def test_failures_older_than_a_minute_do_not_count() -> None:
    clock = Clock()
    quarantine = Quarantine(2, clock)
    for number in range(10):
        quarantine.check([burial(b"%d" % number)])
        clock.now += 31
    with pytest.raises(QuarantineOverflow):
        quarantine.check([burial(b"a"), burial(b"b"), burial(b"c")])


def test_records_that_are_unreadable_are_never_the_programs_fault() -> None:
    Quarantine(1).check(burial(b"%d" % n, PoisonRecord(PoisonReason.BAD_MAGIC, "junk")) for n in range(10))


def test_burials_are_told_at_once_and_then_once_a_minute_with_their_number(caplog: pytest.LogCaptureFixture) -> None:
    clock, lines = Clock(), list[str]()
    quarantine = Quarantine(100, clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            quarantine.note([burial()])
        clock.now += 61
        quarantine.log_pending()
        quarantine.log_pending()
        lines += caplog.messages
    assert lines == [
        "1 record(s) went to the dead letters, the newest from t.a/1/42, key 'k': processing_failed: TypeError: odd",
        "4 record(s) went to the dead letters, the newest from t.a/1/42, key 'k': processing_failed: TypeError: odd",
    ]


def test_a_description_bounds_the_key_and_shows_bytes_that_are_no_text() -> None:
    assert describe(StoredRecord(key=b"\xff" * 10_000)) == "t.a/1/42, key " + repr("\\xff" * 80)
    assert describe(StoredRecord(key=None)).endswith("key None")


def test_an_exception_without_a_text_is_a_reason_all_the_same() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert str(failed(Mute())) == "processing_failed: Mute"
