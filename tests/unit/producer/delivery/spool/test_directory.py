"""The directory of a spool: ours alone, bounded for all processes together, and gone when it is empty."""

import os
from pathlib import Path

import pytest

from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.delivery.spool.directory import bytes_of_others
from tasker_producer.delivery.spool.opener import FileOpener
from tests.support.producer.spooled import backlog, left_spool, new_spool, numbers, record, settings


def foreign(path: Path) -> None:
    """Let another user own a directory."""
    if os.geteuid():
        pytest.skip("only root can give a directory away")
    os.chown(path, 65534, 65534)


@pytest.mark.parametrize("way", ["another user", "others may write", "a link"])
def test_a_directory_that_another_user_could_have_laid_is_not_used(
    tmp_path: Path, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "spool"
    new_spool(directory, 1).close()
    if way == "a link":
        directory.rename(tmp_path / "elsewhere")
        directory.symlink_to(tmp_path / "elsewhere")
    elif way == "others may write":
        directory.chmod(0o777)
    else:
        foreign(directory)
    drop_log = DropLog()
    opener = FileOpener(settings(directory), drop_log)
    assert opener.inherited(None) is None
    spool = opener.new()
    drop_log.report()
    assert spool.path.parent != directory
    assert f"Events wait in {spool.path.parent} instead" in caplog.text
    spool.close()
    opener.remove_directory()


def test_one_process_takes_over_what_several_dead_ones_left(tmp_path: Path) -> None:
    dead = [new_spool(tmp_path / "spool", 2 * number, 2 * number + 1) for number in range(3)]
    for spool in dead:
        spool.close()
    heir = backlog(tmp_path / "spool")
    seen = []
    while heir.look() and (batch := heir.next_batch()):
        seen += numbers(batch)
        heir.done(batch)
    assert seen == [0, 1, 2, 3, 4, 5]
    heir.close()
    assert not (tmp_path / "spool").exists()


def test_what_dead_processes_left_comes_after_events_of_this_one(tmp_path: Path) -> None:
    new_spool(tmp_path / "spool", 1).close()
    heir = backlog(tmp_path / "spool")
    heir.add(record(2))
    assert heir.look()
    batch = heir.next_batch()
    assert numbers(batch) == [2]
    heir.done(batch)
    assert not heir.active
    assert numbers(heir.next_batch()) == [1]


def test_one_limit_holds_for_all_files_of_a_directory(tmp_path: Path) -> None:
    other = new_spool(tmp_path / "spool")
    other.append([record(number, 1_000) for number in range(100)])
    limit = bytes_of_others(tmp_path / "spool", None) + 5_000
    waiting = backlog(tmp_path / "spool", max_bytes=limit)
    for number in range(20):
        waiting.add(record(number, 1_000))
        waiting.store()
    assert waiting._drop_log.dropped()["spool_full"] > 10
    assert other.count == 100


def test_a_service_without_trouble_leaves_no_file(tmp_path: Path) -> None:
    waiting = backlog(tmp_path / "spool")
    assert not waiting.look()
    waiting.close()
    assert not (tmp_path / "spool").exists()
    assert left_spool(tmp_path / "spool") is None
