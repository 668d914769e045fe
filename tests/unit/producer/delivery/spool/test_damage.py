"""Damage in a spool never stops the rest: what cannot be read is put aside and counted, the rest goes on in order."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasker_producer.delivery.host.drops import DropLog
from tests.support.producer.spooled import backlog, left_spool, new_spool, numbers, record
from tests.support.scale import SCALE

EVENTS = 300


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def leave(directory: Path, count: int = EVENTS, size: int = 200) -> Path:
    """Let a process leave events on disk; return the file."""
    spool = new_spool(directory)
    spool.append([record(number, size) for number in range(count)])
    spool.close()
    return spool.path


def change(path: Path, statement: str, *values: object) -> None:
    database = sqlite3.connect(path)
    with database:
        database.execute(statement, values)
    database.close()


def drained(directory: Path) -> tuple[list[int], int]:
    """All that can be read, in its order, and how many events are counted as damaged."""
    waiting = backlog(directory)
    seen: list[int] = []
    for _ in range(20):  # a file that is put aside takes a turn
        while waiting.look() and (batch := waiting.next_batch()):
            seen += numbers(batch)
            waiting.done(batch)
        if not waiting.waiting:
            break
    waiting.close()
    return seen, waiting._drop_log.dropped()["damaged"]


def test_a_table_whose_name_is_no_text_is_put_aside_as_damage(directory: Path) -> None:
    path = leave(directory)
    content = path.read_bytes()
    assert b"tablerecords" in content
    path.write_bytes(content.replace(b"tablerecords", b"table\x80ecords"))
    assert drained(directory)[0] in ([], list(range(EVENTS)))
    assert list(directory.glob("*.damaged-*"))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("headers", '[["ce_type", "or'),
        ("headers", "7"),
        ("headers", "[" * 100_000),
        ("topic", b"\xff\xfe"),
        ("topic", 7),
        ("value", 7),
        ("value", b"another value"),
        ("key", b"another key"),
        ("crc", 1),
    ],
)
def test_an_unreadable_row_is_put_aside_and_all_others_go_on(directory: Path, column: str, value: object) -> None:
    path = leave(directory)
    statement = f"UPDATE records SET {column} = {'CAST(? AS TEXT)' if column == 'topic' else '?'} WHERE id = 100"
    change(path, statement, value)
    seen, damaged = drained(directory)
    assert seen == [number for number in range(EVENTS) if number != 99]
    assert damaged == 1
    assert len((directory / "events-0.unreadable.jsonl").read_text().splitlines()) == 1


def test_a_row_for_a_topic_that_is_none_of_ours_is_never_sent(directory: Path) -> None:
    spool = new_spool(directory)
    spool.append([record(1), record(2, topic="payments")])
    spool._topics = {"topic"}
    assert numbers(spool.oldest(10)) == [1]
    assert (spool.unreadable, spool.count) == (1, 1)


def test_a_page_that_is_damaged_costs_its_own_rows_only(directory: Path) -> None:
    path = leave(directory)
    content = bytearray(path.read_bytes())
    middle = len(content) // 4096 // 2 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    seen, _ = drained(directory)
    assert seen == sorted(set(seen))
    assert EVENTS - 40 < len(seen) < EVENTS
    assert list(directory.glob("*.damaged-*"))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE records ADD COLUMN moment INTEGER",
        "ALTER TABLE records DROP COLUMN size",
        "PRAGMA user_version = 7",
        "DROP TABLE records",
    ],
)
def test_a_file_of_another_version_is_converted_or_put_aside(directory: Path, statement: str) -> None:
    change(leave(directory), statement)
    seen, _ = drained(directory)
    assert seen in ([], list(range(EVENTS)))
    new = new_spool(directory, 1)
    assert numbers(new.oldest(10)) == [1]


def test_a_file_of_the_first_version_is_brought_up_to_date(directory: Path) -> None:
    path = leave(directory)
    change(path, "ALTER TABLE records DROP COLUMN crc")
    change(path, "PRAGMA user_version = 0")
    assert drained(directory) == (list(range(EVENTS)), 0)
    assert not list(directory.glob("*.damaged-*"))


def test_a_file_that_is_no_database_is_put_aside_by_its_name(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory.mkdir(mode=0o700)
    (directory / "events-0.sqlite").write_bytes(b"no database at all" * 1000)
    drop_log = DropLog()
    assert left_spool(directory, drop_log) is None
    drop_log.report()
    assert "events-0.sqlite is damaged" in caplog.text
    assert len(list(directory.glob("events-0.damaged-*"))) == 1


@pytest.mark.parametrize("act", ["oldest", "remove", "remove_some", "append", "put_back"])
def test_damage_that_is_met_at_any_step_stops_nothing(directory: Path, act: str) -> None:
    waiting = backlog(directory)
    for number in range(EVENTS):
        waiting.add(record(number))
    assert waiting.store()
    assert waiting.disk is not None
    assert waiting.disk._own is not None
    fail_once(waiting.disk._own, act)
    batch = waiting.next_batch() or waiting.next_batch()
    seen = numbers(batch)
    waiting.done(batch, undelivered={1}) if act == "remove_some" else waiting.done(batch)
    waiting.done(None, unsent=[record(-1)])
    waiting.add(record(EVENTS))
    assert waiting.store()
    assert seen == list(range(EVENTS))
    assert numbers(waiting.next_batch())[-1] == EVENTS


def fail_once(spool: object, method: str) -> None:
    original: Callable[..., object] = getattr(spool, method)

    def fail(*_: object) -> object:
        setattr(spool, method, original)
        raise sqlite3.DatabaseError("database disk image is malformed")

    setattr(spool, method, fail)


@settings(max_examples=40 * SCALE, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_bytes_that_are_changed_cost_what_they_hold_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("any") / "spool"
    path = leave(directory, 60)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        noise = data.draw(st.binary(min_size=1, max_size=64))
        content[at : at + len(noise)] = noise[: len(content) - at]
    path.write_bytes(content)
    seen, _ = drained(directory)
    assert set(seen) <= set(range(60))
    assert not list(directory.parent.rglob("events-*.sqlite"))


@given(position=st.integers(0, 1 << 20), value=st.integers(0, 255))
@settings(max_examples=25 * SCALE, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_byte_in_the_log_of_a_killed_process_leaves_a_beginning_in_order(
    tmp_path_factory: pytest.TempPathFactory, position: int, value: int
) -> None:
    directory = tmp_path_factory.mktemp("killed") / "spool"
    living = new_spool(directory)
    for number in range(0, 40, 10):  # commits of ten events each
        living.append([record(each, 200) for each in range(number, number + 10)])
    killed = directory.with_name("left")
    shutil.copytree(directory, killed, ignore=shutil.ignore_patterns("*.lock"))  # as a SIGKILL leaves it
    living.close()
    log = next(killed.glob("events-*.sqlite-wal"))
    content = bytearray(log.read_bytes())
    content[position % len(content)] = value
    log.write_bytes(content)
    killed.chmod(0o700)
    seen, damaged = drained(killed)
    assert seen == sorted(set(seen))
    assert len(seen) + damaged in {0, 10, 20, 30, 40} or damaged
