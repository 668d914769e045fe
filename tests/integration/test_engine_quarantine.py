"""Records that fail, on a real Kafka: each goes to the dead letters alone, and no worker ends for one of them."""

from typing import Any

import pytest

from tests.support.engine.arena import Arena, arena, wait_until
from tests.support.processes import eventually

FATAL = 777


__all__ = ["arena"]


# A stage of the application, and both whose limits are the broker's; the pipeline's own tests go through all stages.
@pytest.mark.parametrize("stage", ["fold", "state", "output"])
def test_a_number_that_fails_in_a_stage_is_one_dead_letter_and_the_rest_is_counted(arena: Arena, stage: str) -> None:
    arena.produce(1500, 20)
    (key,) = (key for key, numbers in arena.expected.items() if numbers.pop(FATAL, None) is not None)
    with arena.worker(processor={"fails_in": stage, "fatal": FATAL}) as worker:
        arena.wait_committed()
        assert eventually(lambda: worker.said("1 record(s) went to the dead letters, the newest from") == 1)
        assert worker.terminate() == 0
    assert arena.differences() == {}
    (letter,) = arena.read("dlq")
    assert (letter.key(), letter.value().split(b":")[0]) == (key, b"%d" % FATAL)


def test_strange_numbers_of_attempts_do_not_keep_records_from_their_burial(arena: Arena) -> None:
    strange = (None, b"9" * 5000, b"\xff", b"-3")
    with arena.producer() as send:
        for attempts in strange:
            send("a", b"k", b"junk", headers=[("tasker-dlq-attempts", attempts)])
    arena.produce(100, 10)
    with arena.worker() as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    assert arena.differences() == {}
    assert [dict(letter.headers())["tasker-dlq-attempts"] for letter in arena.read("dlq")] == [b"1"] * len(strange)


def test_a_record_that_does_not_fit_into_the_dead_letters_leaves_a_pointer(arena: Arena) -> None:
    arena.alter_topic("a", {"max.message.bytes": "10000000"})
    arena.produce(50, 5)
    with arena.producer(**{"compression.type": "gzip", "message.max.bytes": 10_000_000}) as send:
        send("a", b"key-1", b"x" * 3_000_000)
    arena.produce(50, 5)
    with arena.worker() as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    assert arena.differences() == {}
    (letter,) = arena.read("dlq")
    headers = dict(letter.headers())
    assert (letter.key(), letter.value(), headers["tasker-dlq-size"]) == (b"key-1", None, b"3000005")
    assert headers["__streams.errors.topic"] == f"{arena.prefix}.a".encode()


def test_a_time_that_the_dead_letters_refuse_leaves_a_pointer(arena: Arena) -> None:
    arena.alter_topic("a", {"message.timestamp.after.max.ms": str(10**15)})
    with arena.producer() as send:
        send("a", b"k", b"junk", timestamp=2 * 10**12 * 2)
    arena.produce(100, 10)
    with arena.worker() as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    assert arena.differences() == {}
    assert [(letter.key(), letter.value()) for letter in arena.read("dlq")] == [(b"k", None)]


def test_a_program_that_fails_for_every_task_ends_and_says_which_was_the_last(arena: Arena) -> None:
    arena.produce(200, 50)
    settings: dict[str, Any] = {"quarantine_limit": 5}
    with arena.worker(processor={"fails_in": "always", "fatal": 0}, **settings) as worker:
        wait_until(lambda: worker.process.poll() is not None, "the worker ends")
        assert worker.process.returncode == 1
        assert worker.said("TASKER_QUARANTINE_LIMIT")
    with arena.worker("mended") as worker:
        arena.wait_committed()
        assert worker.terminate() == 0
    assert arena.differences() == {}
