"""Where bytes come from: plain and compressed files, archives, standard input, and all of them damaged."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tasker_consumers.importers import HistoryFormat, Import
from tasker_consumers.importers.report import ImportReport
from tasker_producer.testing import RecordingPublisher
from tests.unit.consumers.importers.test_files import HISTORY

TEXT = json.dumps(HISTORY).encode()
OTHER = TEXT.replace(b"run-1", b"run-2")
ONE, BOTH = ("run-1",), ("run-1", "run-2")


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"folder/{name}.json", content)
    return buffer.getvalue()


def tarred(mode: str, **members: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            about = tarfile.TarInfo(f"folder/{name}.json")
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def imports(tmp_path: Path) -> Callable[[bytes, str], ImportReport]:
    def run(raw: bytes, name: str) -> ImportReport:
        path = tmp_path / name
        path.write_bytes(raw)
        return Import().run([path], RecordingPublisher())

    return run


@pytest.mark.parametrize(
    ("raw", "name", "task_ids"),
    [
        (TEXT, "history", ONE),
        (b"\xef\xbb\xbf" + TEXT, "history.json", ONE),
        (gzip.compress(TEXT), "history.bin", ONE),
        (zipped(a=TEXT, b=OTHER), "all.zip", BOTH),
        (zipped(a=gzip.compress(TEXT)), "all.zip", ONE),
        (tarred("w", a=TEXT, b=OTHER), "all.tar", BOTH),
        (tarred("w:gz", a=TEXT, b=OTHER), "all.tgz", BOTH),
    ],
)
def test_a_file_is_read_however_it_is_packed(
    imports: Callable[[bytes, str], ImportReport], raw: bytes, name: str, task_ids: tuple[str, ...]
) -> None:
    report = imports(raw, name)
    assert (report.task_ids, report.faults) == (task_ids, ())


@pytest.mark.parametrize(
    ("raw", "name", "fault"),
    [
        (b"", "a.json", "a.json: the file is empty"),
        (TEXT, "a.json.gz", "a.json.gz: byte 1: not gzip"),
        (gzip.compress(TEXT)[:-20], "a.json.gz", "a.json.gz: the compressed data: damaged gzip"),
        (zipped(a=TEXT)[:-30], "a.zip", "a.zip: the archive: damaged zip"),
        (zipped(), "a.zip", "a.zip: the archive: no file is in it"),
        (tarred("w", a=TEXT)[:700], "a.tar", "a.tar: the archive: damaged tar"),
        (zipped(a=zipped(b=TEXT)), "a.zip", "a.zip/folder/a.json: an archive inside an archive"),
        (b"Hello\n", "a.txt", "a.txt: of no known format; name it"),
    ],
)
def test_damage_is_named_and_nothing_is_published(
    imports: Callable[[bytes, str], ImportReport], raw: bytes, name: str, fault: str, tmp_path: Path
) -> None:
    report = imports(raw, name)
    (found,) = report.faults
    assert str(found).removeprefix(f"{tmp_path}/").startswith(fault)
    assert report.files == 0


def test_a_damaged_member_keeps_no_other_out(imports: Callable[[bytes, str], ImportReport], tmp_path: Path) -> None:
    report = imports(zipped(a=TEXT[:-5], b=OTHER), "all.zip")
    assert report.task_ids == ("run-2",)
    assert [fault.file for fault in report.faults] == [tmp_path / "all.zip/folder/a.json"]


def test_standard_input_is_a_file_named_by_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(zipped(a=TEXT, b=OTHER))))
    report = Import(history_format=HistoryFormat.TEMPORAL).run([Path("-")], RecordingPublisher())
    assert report.task_ids == BOTH
    assert report.imported[0].file == Path("standard input/folder/a.json")
