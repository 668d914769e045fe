"""A person sees what waits on a disk, and deletes it where no process uses it."""

from pathlib import Path

from tasker_producer.delivery.inventory import FileState, delete_file, list_spools
from tasker_producer.delivery.spool.rows import SpooledRecord
from tasker_producer.record.arguments import Options
from tasker_producer.record.building.builder import EventBuilder
from tasker_producer.record.misuse import Misuse
from tasker_producer.settings import ProducerSettings
from tests.support.producer.spooled import new_spool


def states(root: Path) -> list[FileState]:
    return [report.state for report in list_spools(root)]


def test_a_file_is_in_use_as_long_as_its_process_lives_and_waits_afterwards(tmp_path: Path) -> None:
    spool = new_spool(tmp_path / "shop-1a2b3c4d", 1, 2, 3)
    assert states(tmp_path) == [FileState.IN_USE]
    assert not delete_file(list_spools(tmp_path)[0])
    spool.close()
    (report,) = list_spools(tmp_path)
    assert (report.state, report.service, report.events, report.topics) == (
        FileState.WAITING,
        "shop",
        3,
        {"topic": 3},
    )
    assert report.size >= 4096
    assert delete_file(report)
    assert list_spools(tmp_path) == []


def test_the_time_of_the_first_event_is_told(tmp_path: Path) -> None:
    event = EventBuilder(ProducerSettings()).build(
        "order.paid", {}, Options(timestamp="2026-01-02T03:04:05Z"), Misuse(strict=True)
    )
    spool = new_spool(tmp_path / "shop-1a2b3c4d")
    spool.append([SpooledRecord(event.topic, event.key, event.value, event.headers)])
    spool.close()
    assert list_spools(tmp_path)[0].oldest == "2026-01-02T03:04:05.000000Z"


def test_damaged_and_put_aside_files_are_told_apart_and_never_opened(tmp_path: Path) -> None:
    directory = tmp_path / "shop-1a2b3c4d"
    new_spool(directory, 1).close()
    (directory / "events-0.sqlite").write_bytes(b"no database" * 1000)
    (directory / "events-1.damaged-7-0").write_bytes(b"")
    (directory / "events-1.unreadable.jsonl").write_text("[]\n")
    assert sorted(states(tmp_path)) == [FileState.DAMAGED, FileState.PUT_ASIDE, FileState.PUT_ASIDE]
    assert all(delete_file(report) for report in list_spools(tmp_path))
    assert states(tmp_path) == []


def test_a_directory_that_others_may_write_is_not_opened(tmp_path: Path) -> None:
    directory = tmp_path / "shop-1a2b3c4d"
    new_spool(directory, 1).close()
    directory.chmod(0o777)
    assert states(tmp_path) == [FileState.FOREIGN]


def test_a_directory_that_does_not_exist_holds_nothing(tmp_path: Path) -> None:
    assert list_spools(tmp_path / "absent") == []
